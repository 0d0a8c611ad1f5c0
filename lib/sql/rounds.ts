/** Rows of one batch that have one key: a statement can write each row once, so they are written one after the other. */
import { rowId } from '../keptRows.js';
import type { Prepared } from '../tableLayout.js';
import { inTurns, SLICE_ROWS, type Sliced } from '../turns.js';
import type { SqlClient } from './client.js';
import { arrayText, toText } from './literals.js';
import { roundsSql, type SqlColumn } from './tableSql.js';

/** Parts of a batch that have each key once, to be written in this order. */
export async function rounds(
  client: SqlClient,
  key: readonly SqlColumn[],
  rows: readonly Prepared[],
): Promise<readonly (readonly Prepared[])[]> {
  if (rows.length < 2) return [rows];
  const known = key.every(({ kind, cast }) => kind !== 'other' && !cast.includes(' collate '));
  const pause = client.pause?.bind(client);
  const round = known ? await inTurns(byForm(rows), pause) : await byDatabase(client, key, rows);
  if (round.size === 0) return [rows];
  const parts: Prepared[][] = [];
  for (const [i, row] of rows.entries()) {
    const at = round.get(i) ?? 0;
    parts[at] ??= [];
    parts[at].push(row);
  }
  return parts;
}

/** Rows that one statement writes: of one operation and set of columns. */
export function* groups(rows: readonly Prepared[]): Sliced<Iterable<readonly Prepared[]>> {
  const byShape = new Map<string, Prepared[]>();
  for (const [i, row] of rows.entries()) {
    if (i > 0 && i % SLICE_ROWS === 0) yield;
    const shape = `${row.upsert.op} ${row.names.join()}`;
    const group = byShape.get(shape);
    if (group === undefined) byShape.set(shape, [row]);
    else group.push(row);
  }
  return byShape.values();
}

/* How many rows of its key come before it, of each row that has some. */
function* byForm(rows: readonly Prepared[]): Sliced<Map<number, number>> {
  const seen = new Map<string, number>();
  const round = new Map<number, number>();
  for (const [i, { key }] of rows.entries()) {
    if (i > 0 && i % SLICE_ROWS === 0) yield;
    const id = rowId(key);
    const before = seen.get(id) ?? 0;
    if (before > 0) round.set(i, before);
    seen.set(id, before + 1);
  }
  return round;
}

async function byDatabase(
  client: SqlClient,
  key: readonly SqlColumn[],
  rows: readonly Prepared[],
): Promise<Map<number, number>> {
  const arrays = key.map((c, i) => arrayText(rows.map((row) => toText(c, row.key[i]))));
  const found = await client.query(roundsSql(key), arrays);
  return new Map(found.rows.map(({ place, round }) => [Number(place), Number(round)]));
}
