/** From an element to its effects on a keyed table: which rows it writes, which it deletes, in what order. */
import type { EventElement, WindowBounds } from './element.js';
import { type Key, keyId, keyText } from './key.js';
import type { Row } from './ports.js';
import type { PendingRow } from './rowBatch.js';

export interface RowRules<T> {
  readonly key: (value: T) => Key;
  readonly row?: ((value: T) => Row) | undefined;
  readonly version?: ((value: T) => number | readonly number[]) | undefined;
  /** Columns that a value which is its own row leaves to the key. */
  readonly keyColumns?: readonly string[] | undefined;
  readonly replaces?: ((value: T, window: WindowBounds) => Key) | undefined;
}

/**
 * The effects of one element: deletes of the rows that it replaces, then its own row; a withdrawal
 * deletes. @throws what a function of the user throws, and TypeError on a key or row that is none
 */
export function effectsOf<T>(rules: RowRules<T>, e: EventElement<T>): PendingRow[] {
  const { value, timestamp } = e;
  if (!Number.isSafeInteger(timestamp)) throw new TypeError(`${timestamp} is no event time`);
  const order = { revision: revisionOf(rules, e), timestamp, value };
  const key = keyParts(rules.key(value));
  if (e.op === '-') return [{ op: 'delete', key, row: {}, ...order }];
  const own = keyText(key);
  const effects: PendingRow[] = [];
  for (const window of e.replaces ?? []) {
    const replaced = keyParts(replacedKey(rules, value, window));
    if (keyText(replaced) !== own) effects.push({ op: 'delete', key: replaced, row: {}, ...order });
  }
  const row = rules.row === undefined ? ownRow(rules, value) : rules.row(value);
  if (typeof row !== 'object' || row === null) throw new TypeError('`row` gave no object');
  effects.push({ op: 'upsert', key, row, ...order });
  return effects;
}

function ownRow<T>({ keyColumns = [] }: RowRules<T>, value: T): Row {
  if (typeof value !== 'object' || value === null) {
    throw new TypeError('the value is no object, so the config needs `row`');
  }
  return Object.fromEntries(Object.entries(value).filter(([name]) => !keyColumns.includes(name)));
}

function keyParts(key: Key): readonly Key[] {
  if (keyId(key) === undefined) throw new TypeError('`key` gave no valid key');
  return Array.isArray(key) ? key : [key as Key];
}

function revisionOf<T>(rules: RowRules<T>, e: EventElement<T>): readonly number[] {
  if (rules.version === undefined) return e.revision ?? [];
  const version = rules.version(e.value);
  const tuple = typeof version === 'number' ? [version] : version;
  if (!Array.isArray(tuple) || !tuple.every(Number.isFinite)) {
    throw new TypeError('`version` gave neither a finite number nor a tuple of such');
  }
  return tuple;
}

/* A window result has its window, a joined row that of its left side; else the config must say. */
function replacedKey<T>(rules: RowRules<T>, value: T, window: WindowBounds): Key {
  if (rules.replaces !== undefined) return rules.replaces(value, window);
  const shape = value as { window?: unknown; left?: { window?: unknown } };
  if (isBounds(shape?.window)) return rules.key({ ...value, window } as T);
  if (isBounds(shape?.left?.window)) {
    return rules.key({ ...value, left: { ...shape.left, window } } as T);
  }
  throw new ReplacesError();
}

/** A row takes the place of others, and no rule says which keys those had. */
export class ReplacesError extends TypeError {
  constructor() {
    super('a result that replaces others needs `replaces: (value, window) => Key` in the config');
    this.name = 'ReplacesError';
  }
}

function isBounds(x: unknown): boolean {
  return typeof x === 'object' && x !== null && 'start' in x && 'end' in x;
}
