/** The part of a script that changes rows and pieces of state; all checks come before it, as nothing is rolled back. */

/*
 * Applies items: pieces of state and rows, as `items.ts` packs them. What a checkpoint replaces goes
 * to `undo`. Orders are compared by byte: `<` on strings would follow the locale of the server.
 */
export const APPLY = `
local function below(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

local function same(key, r)
  local names = {}
  for i = 9, #r, 3 do names[#names + 1] = r[i + 1] end
  if #names == 0 then return true end
  local old = redis.call('HMGET', key, unpack(names))
  for i = 9, #r, 3 do
    local op, was, is = r[i], old[(i - 6) / 3], r[i + 2]
    if op == '-' then
      if was then return false end
    elseif op == '0' then
      if was and was ~= is then return false end
    elseif op == '=' then
      if was ~= is then return false end
    elseif op == 'f' then
      if was ~= is and not ((was == '0' or was == '-0') and (is == '0' or is == '-0')) then
        return false
      end
    end
  end
  return true
end

local function remove(key, t, r, old, grave)
  local name, order = r[6], r[7]
  if old and below(order, old) then return 2 end
  if not grave or below(grave, order) then
    redis.call('HSET', t.graves, name, order)
    redis.call('ZADD', t.times, r[8], name)
  end
  if not old then return 2 end
  redis.call('UNLINK', key)
  redis.call('ZREM', t.index, r[5])
  return 1
end

local function row(key, t, r)
  local name, order = r[6], r[7]
  local old = redis.call('HGET', key, 'tidemark_order')
  local grave = redis.call('HGET', t.graves, name)
  if r[4] == 'd' then return remove(key, t, r, old, grave) end
  if grave and below(order, grave) then return 2 end
  if old and (below(order, old) or (order == old and same(key, r))) then return 2 end
  if grave then
    redis.call('HDEL', t.graves, name)
    redis.call('ZREM', t.times, name)
  end
  local set, drop = { 'tidemark_order', order }, {}
  for i = 9, #r, 3 do
    if r[i] == '-' then
      drop[#drop + 1] = r[i + 1]
    else
      set[#set + 1] = r[i + 1]
      set[#set + 1] = r[i + 2]
    end
  end
  redis.call('HSET', key, unpack(set))
  if old and #drop > 0 then redis.call('HDEL', key, unpack(drop)) end
  if not old then redis.call('ZADD', t.index, 0, r[5]) end
  return order == old and 3 or 1
end

local function piece(state, undo, r)
  local id = r[2]
  local old = redis.call('HGET', state, id)
  redis.call('HSETNX', undo, id, old and ('=' .. old) or '-')
  if r[1] == 'p' then redis.call('HSET', state, id, r[3]) else redis.call('HDEL', state, id) end
end

-- tables stand in KEYS from first, three keys each; a key for each row follows them
local function apply(items, from, first, tables, state, undo)
  local sums, key = {}, first + 3 * tables
  for i = from, #items do
    local r = cmsgpack.unpack(items[i])
    if r[1] == 'r' then
      local at = first + 3 * tonumber(r[3])
      local t = { index = KEYS[at], graves = KEYS[at + 1], times = KEYS[at + 2] }
      local sink = tonumber(r[2]) + 1
      local sum = sums[sink] or { 0, 0, 0 }
      local done = row(KEYS[key], t, r)
      if done == 3 then sum[1] = sum[1] + 1 end
      sum[done] = sum[done] + 1
      sums[sink] = sum
      key = key + 1
    else
      piece(state, undo, r)
    end
  end
  return sums
end

local function answer(sums)
  local out = { 'ok' }
  for sink, sum in pairs(sums) do
    out[#out + 1] = { sink - 1, sum[1], sum[2], sum[3] }
  end
  return out
end
`;
