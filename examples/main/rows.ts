/** The rules for rows that are read: which objects are events and profiles, and why the others are not. */
import { toInstant } from 'tidemark';
import type { Decoded, JsonObject } from 'tidemark/files';

export interface UserEvent {
  readonly user_id: string;
  readonly event_id: string;
  /** Epoch milliseconds, like every time of a row that was read. */
  readonly event_time: number;
  readonly value: number;
}

export interface Profile {
  readonly user_id: string;
  readonly plan: string;
  readonly event_time: number;
}

export type Decode<T> = (object: JsonObject) => Decoded<T>;

type Kind = 'text' | 'number' | 'time';

/** Where the times of Postgres begin (4713 BC) and those of `Date` end: what a table can show. */
const EARLIEST = -210_866_803_200_000;
const LATEST = 8.64e15;
/** Below it a lenient number is epoch seconds, from it on milliseconds. */
const SECONDS_BELOW = 1e11;
const numeric = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

const rules: Record<Kind, string> = {
  text: 'a non-empty string',
  number: 'a finite number',
  time: 'YYYY-MM-DDThh:mm:ss with Z or an offset, or integer milliseconds',
};

/** Takes `{ user_id, event_id, event_time, value }`. */
export function events(lenient: boolean): Decode<UserEvent> {
  const fields = {
    user_id: 'text',
    event_id: 'text',
    event_time: 'time',
    value: 'number',
  } as const;
  return rows<UserEvent>(fields, lenient);
}

/** Takes `{ user_id, plan, event_time }`. */
export function profiles(lenient: boolean): Decode<Profile> {
  return rows<Profile>({ user_id: 'text', plan: 'text', event_time: 'time' }, lenient);
}

/** Takes objects that have every named field, each of its kind; other fields are left out. */
export function rows<T>(fields: { readonly [N in keyof T]: Kind }, lenient: boolean): Decode<T> {
  const named = Object.entries(fields) as [string, Kind][];
  return (object) => {
    const row: Record<string, unknown> = {};
    for (const [name, kind] of named) {
      const value = checked(kind, object[name], lenient);
      if (value === undefined) return { invalid: refusal(name, kind, object) };
      row[name] = value;
    }
    return { ok: row as T };
  };
}

function checked(kind: Kind, x: unknown, lenient: boolean): string | number | undefined {
  if (kind === 'text') return typeof x === 'string' && x !== '' ? x : undefined;
  if (kind === 'number') return typeof x === 'number' && Number.isFinite(x) ? x : undefined;
  const ms = lenient ? lenientInstant(x) : strictInstant(x);
  return typeof ms === 'number' && ms >= EARLIEST && ms <= LATEST ? ms : undefined;
}

function strictInstant(x: unknown): number | string {
  return typeof x === 'number' || typeof x === 'string' ? toInstant(x) : 'timestamp';
}

/* Epoch seconds, numbers in strings and times without a zone, as UTC. */
function lenientInstant(x: unknown): number | string {
  if (typeof x === 'number' && Math.abs(x) < SECONDS_BELOW) return Math.floor(x * 1000 + 1e-6);
  if (typeof x !== 'string') return strictInstant(x);
  if (numeric.test(x)) return lenientInstant(Number(x));
  const ms = toInstant(x);
  return ms === 'zone' ? toInstant(`${x}Z`) : ms;
}

function refusal(name: string, kind: Kind, object: JsonObject): string {
  if (!Object.hasOwn(object, name)) return `\`${name}\` is missing`;
  return `\`${name}\` must be ${rules[kind]}; got ${shown(object[name])}`;
}

function shown(x: unknown): string {
  const text = typeof x === 'number' ? String(x) : JSON.stringify(x);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
