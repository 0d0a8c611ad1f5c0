/** The scripts that Redis runs: constant text, each one atomic step; all checks come first, as nothing is rolled back. */
import { APPLY } from './applyScript.js';
import { script } from './script.js';

/*
 * KEYS 1 pending, 2 meta; ARGV 1 epoch, 2 n, 3 n before, 4 whether n rises, 5 format, 6 header, 7 owner. A
 * server that lost its newest second gives an epoch again: then the owner says whose it is.
 */
const GUARD = `
if redis.call('HLEN', KEYS[1]) > 0 then return { 'pending' } end
local held = redis.call('HMGET', KEYS[2], 'epoch', 'n', 'header', 'owner')
if held[1] ~= ARGV[1] or (ARGV[7] ~= '' and held[4] ~= ARGV[7]) then return { 'fenced' } end
if held[2] == ARGV[2] and ARGV[4] ~= 'back' then return { 'duplicate' } end
if held[2] ~= ARGV[3] or ARGV[4] == '0' then return { 'gap' } end
`;

/* The checkpoint that is replaced becomes the one before; a way back leaves none before it. */
const ADVANCE = `
local function advance(undo)
  redis.call('UNLINK', undo)
  redis.call('HSET', KEYS[2], 'n', ARGV[2], 'format', ARGV[5], 'header', ARGV[6])
  if held[3] and ARGV[4] ~= 'back' then
    redis.call('HSET', KEYS[2], 'n-before', held[2], 'header-before', held[3])
  else
    redis.call('HDEL', KEYS[2], 'n-before', 'header-before')
  end
end
`;

/** A commit in one step. KEYS 3 state, 4 undo, then tables and rows; ARGV 8 tables, then items. */
export const COMMIT = script(
  APPLY,
  GUARD,
  ADVANCE,
  `advance(KEYS[4])
return answer(apply(ARGV, 9, 5, tonumber(ARGV[8]), KEYS[3], KEYS[4]))`,
);

/** What is staged becomes committed. KEYS 3 undo, 4 stage, 5 todo; ARGV 8 id, 9 portions, 10 what it touches. */
export const SWITCH_COMMIT = script(
  GUARD,
  ADVANCE,
  `if redis.call('LLEN', KEYS[4]) ~= tonumber(ARGV[9]) then return { 'lost' } end
advance(KEYS[3])
redis.call('RENAME', KEYS[4], KEYS[5])
redis.call('PERSIST', KEYS[5])
redis.call('HSET', KEYS[1], ARGV[8], ARGV[10])
return { 'ok' }`,
);

/** Rows in one step. KEYS 1 pending, then tables and rows; ARGV 1 tables, then items. */
export const UPSERT = script(
  APPLY,
  `if redis.call('HLEN', KEYS[1]) > 0 then return { 'pending' } end
return answer(apply(ARGV, 2, 2, tonumber(ARGV[1])))`,
);

/** Staged rows become those of the table. KEYS 1 pending, 2 stage, 3 todo; ARGV 1 id, 2 portions, 3 what it touches. */
export const SWITCH_UPSERT = script(
  `if redis.call('HLEN', KEYS[1]) > 0 then return { 'pending' } end
if redis.call('LLEN', KEYS[2]) ~= tonumber(ARGV[2]) then return { 'lost' } end
redis.call('RENAME', KEYS[2], KEYS[3])
redis.call('PERSIST', KEYS[3])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return { 'ok' }`,
);

/* KEYS 1 pending, 2 position; ARGV 1 the position as it was read, 2 the next. */
const IN_PLACE = `
if redis.call('HLEN', KEYS[1]) > 0 then return { 'pending' } end
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[1] then return { 'gap' } end
`;

/** Rows of an outbox in one step, with its position. KEYS then tables and rows; ARGV 3 tables, then items. */
export const OUTBOX = script(
  APPLY,
  IN_PLACE,
  `redis.call('SET', KEYS[2], ARGV[2])
return answer(apply(ARGV, 4, 3, tonumber(ARGV[3])))`,
);

/** Staged rows of an outbox are taken. KEYS 3 stage, 4 todo; ARGV 3 id, 4 portions, 5 what it touches. */
export const SWITCH_OUTBOX = script(
  IN_PLACE,
  `if redis.call('LLEN', KEYS[3]) ~= tonumber(ARGV[4]) then return { 'lost' } end
redis.call('SET', KEYS[2], ARGV[2])
redis.call('RENAME', KEYS[3], KEYS[4])
redis.call('PERSIST', KEYS[4])
redis.call('HSET', KEYS[1], ARGV[3], ARGV[5])
return { 'ok' }`,
);

/** Moves the position of an outbox. KEYS 1 position; ARGV 1 as it was read, 2 the next. */
export const MOVE_OUTBOX = script(`
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1`);

/** Adds a portion to what is staged; it goes by itself if nothing becomes of it. KEYS 1 stage; ARGV 1 ms, 2 items. */
export const STAGE = script(`
redis.call('RPUSH', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1`);

/**
 * Applies the first portion of a large write, takes it off, and ends the write with the last. KEYS
 * 1 pending, 2 meta, 3 state, 4 undo, 5 todo, 6 sums, then tables and rows; ARGV 1 id, 2 portions left,
 * 3 tables, 4 ms.
 */
export const APPLY_STAGED = script(
  APPLY,
  `local left = redis.call('LLEN', KEYS[5])
if left ~= tonumber(ARGV[2]) then return { 'moved' } end
local items = cmsgpack.unpack(redis.call('LINDEX', KEYS[5], 0))
local sums = apply(items, 1, 7, tonumber(ARGV[3]), KEYS[3], KEYS[4])
redis.call('LPOP', KEYS[5])
for sink, sum in pairs(sums) do
  for i = 1, 3 do redis.call('HINCRBY', KEYS[6], sink - 1 .. ' ' .. i, sum[i]) end
end
if next(sums) then redis.call('PEXPIRE', KEYS[6], ARGV[4]) end
if left == 1 then redis.call('HDEL', KEYS[1], ARGV[1]) end
return { 'ok' }`,
);

/**
 * Takes a task over where it is as it was read; one without a checkpoint begins without what is left of another of its
 * name. KEYS 1 meta, 2 state, 3 undo; ARGV 1 epoch, 2 n, 3 the next epoch, 4 format, 5 owner.
 */
export const TAKE = script(`
local held = redis.call('HMGET', KEYS[1], 'epoch', 'n', 'owner', 'header', 'header-before')
if (held[1] or '0') ~= ARGV[1] or (held[2] or '0') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'epoch', ARGV[3], 'owner', ARGV[5], 'owner-before', held[3] or '')
if not held[2] then redis.call('HSET', KEYS[1], 'n', '0', 'format', ARGV[4]) end
if not held[4] and not held[5] then redis.call('UNLINK', KEYS[2], KEYS[3]) end
return 1`);

/** Gives a task back that could not be restored. KEYS 1 meta; ARGV 1 epoch, 2 the epoch before. */
export const GIVE_BACK = script(`
if redis.call('HGET', KEYS[1], 'epoch') == ARGV[1] then
  redis.call('HSET', KEYS[1], 'epoch', ARGV[2], 'owner', redis.call('HGET', KEYS[1], 'owner-before'))
end
return 1`);

/** The next rows of a table. KEYS are those of rows. */
export const READ_ROWS = script(`
local out = {}
for i = 1, #KEYS do out[i] = redis.call('HGETALL', KEYS[i]) end
return out`);

/** Frees some tombstones. KEYS 1 graves, 2 times; ARGV 1 event time, 2 at most. */
export const FORGET = script(`
local names = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, name in ipairs(names) do
  redis.call('HDEL', KEYS[1], name)
  redis.call('ZREM', KEYS[2], name)
end
return #names`);

/** Takes a lease. KEYS 1 lease; ARGV 1 holder, 2 ms. */
export const TAKE_LEASE = script(`
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return { holder, redis.call('PTTL', KEYS[1]) } end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {}`);

/** Gives up a lease. KEYS 1 lease; ARGV 1 holder. */
export const RELEASE_LEASE = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`);
