/** Runs a case by its family and configuration, and compares what came with what the engine gave. */
import { type Build, type Case, failure, type Row } from './case.js';
import { joins } from './joins.js';
import { valves } from './valves.js';
import { watermarks } from './watermarks.js';
import { windows } from './windows.js';

/** The families that are built. */
const families: Readonly<Record<string, Build>> = {
  W1: windows,
  W2: windows,
  W3: windows,
  X: windows,
  DV: valves,
  J1: joins,
  D1: watermarks,
  D2: watermarks,
};

/** Families of which a part is built: they count as not built until they are whole. */
const parts: Readonly<Record<string, Build>> = { JO: joins };

export interface Verdict {
  readonly passed: boolean;
  /** By step, in the order in which they are compared. */
  readonly expected: readonly (readonly Row[])[];
  /** Undefined where what the case is about is not built. */
  readonly received: readonly (readonly Row[])[] | undefined;
}

/** Runs one case. What is not built fails, and so does what is built in part, unless `partly`. */
export function runCase(c: Case, partly = false): Verdict {
  const emitted = receive(c, partly ? { ...families, ...parts } : families);
  const received = emitted && arranged(c, emitted);
  const expected = arranged(c, c.out);
  const passed = received !== undefined && c.steps.every((_, i) => same(received[i], expected[i]));
  return { passed, expected, received };
}

function receive(
  c: Case,
  builds: Readonly<Record<string, Build>>,
): readonly (readonly Row[])[] | undefined {
  let rows: Row[] = [];
  const build = Object.hasOwn(builds, c.family) ? builds[c.family] : undefined;
  const rig = build?.(c.cfg, (row) => rows.push(row));
  if (rig === undefined) return undefined;
  return c.steps.map((step) => {
    rows = [];
    try {
      rig.step(step);
    } catch (thrown) {
      rows.push(failure(thrown));
    }
    return rows;
  });
}

function arranged(c: Case, out: readonly (readonly Row[])[]): readonly (readonly Row[])[] {
  const steps = c.family === 'JO' ? outerRowsLast(c, out) : out;
  return steps.map((rows) => comparable(c, rows));
}

/* JO: engines emit outer rows at instants of their own, so they are compared as one multiset, and only
   in cases that end in MAX; and without W. */
function outerRowsLast(c: Case, out: readonly (readonly Row[])[]): readonly (readonly Row[])[] {
  const isOuter = ([kind, , left, right]: Row) => kind === 'J' && (left === null || right === null);
  const outer = c.steps.at(-1)?.[1] === 'MAX' ? out.flat().filter(isOuter) : [];
  const pairs = out.map((rows) => rows.filter((row) => !isOuter(row) && row[0] !== 'W'));
  return pairs.map((rows, i) => (i === pairs.length - 1 ? [...rows, ...outer] : rows));
}

function same(a: readonly Row[] | undefined, b: readonly Row[] | undefined): boolean {
  return JSON.stringify(a ?? []) === JSON.stringify(b ?? []);
}

/** Where the order within a step is not compared: panes by (end, start, key), pairs by (ts, key, left, right). */
const orders: Readonly<Record<string, (row: Row) => Row>> = {
  R: ([, key, , start, end]) => [end, start, key],
  J: ([, key, left, right, ts]) => [ts, key, left, right],
};

function comparable(c: Case, rows: readonly Row[]): readonly Row[] {
  const only = c.family === 'D2' ? rows.filter(([kind]) => kind === 'W') : rows;
  const loose = only.filter(([kind]) => Object.hasOwn(orders, kind as string));
  const strict = only.filter((row) => !loose.includes(row));
  return [...loose.map((row) => unordered(c, row)).sort(compareRows), ...strict];
}

/* Sessions merge in an order of their own: their lists are compared as sets with repeats. */
function unordered(c: Case, row: Row): Row {
  const [kind, key, value, ...rest] = row;
  if (kind !== 'R' || !Array.isArray(value) || c.cfg['kind'] !== 'session') return row;
  return [kind, key, value.toSorted((a, b) => a - b), ...rest];
}

function compareRows(a: Row, b: Row): number {
  const kinds = compare(a[0], b[0]);
  const order = orders[a[0] as string];
  if (kinds !== 0 || order === undefined) return kinds;
  const [x, y] = [order(a), order(b)];
  const at = x.findIndex((field, i) => compare(field, y[i]) !== 0);
  return at < 0 ? 0 : compare(x[at], y[at]);
}

function compare(a: unknown, b: unknown): number {
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}
