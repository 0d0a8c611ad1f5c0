/** The row of a task: two checkpoints besides their state, each with a header under a checksum. */
import { CHECKPOINT_FORMAT, type TaskRecord } from '../checkpointRules.js';
import { decode, encode } from '../codec.js';
import { CodecError } from '../errors.js';
import type { Commit, Position } from '../ports.js';
import { escapeText, unescapeText } from './literals.js';
import { nameArrays } from './statePieces.js';

const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { fatal: true });

/* What the row of a task holds besides numbers; operators without state are named here only. */
interface Header {
  readonly positions: ReadonlyMap<string, Position>;
  readonly operators: readonly string[];
  readonly pieces: number;
  /** Again what stands beside it in columns, under the checksum of the header. */
  readonly n?: number;
  readonly fingerprint?: string;
  readonly drained?: boolean;
}

/** One checkpoint in the row of a task, its header encoded; n is 0 where there is none. */
export interface HeldHeader {
  readonly n: number;
  readonly positions: string;
  readonly fingerprint: string;
  readonly drained: boolean;
}

/** Both checkpoints of a task. */
export interface HeldRow extends HeldHeader, TaskRecord {
  readonly before: HeldHeader;
}

/** What is in a header. @throws CodecError where it is damaged, or the columns beside it are */
export function headerOf(held: HeldHeader): Header {
  const header = decode(utf8.encode(held.positions)) as Header;
  for (const name of ['n', 'fingerprint', 'drained'] as const) {
    if ((header[name] ?? held[name]) === held[name]) continue;
    throw new CodecError(`its column ${name} is ${held[name]}, and was ${header[name]}`);
  }
  return header;
}

/** That of its header, where that can be read: the column may be what is damaged. */
export function fingerprintOf(held: HeldHeader): string {
  try {
    return (decode(utf8.encode(held.positions)) as Header).fingerprint ?? held.fingerprint;
  } catch {
    return held.fingerprint;
  }
}

/** A row without a header, not one whose n is damaged. */
export function isNew({ n, positions }: HeldHeader): boolean {
  return n === 0 && positions === '';
}

/** What a commit writes into the row. */
export function header({
  n,
  positions,
  fingerprint,
  drained,
  operators,
  ...rest
}: Commit): string[] {
  const { pieces, changed, dropped } = rest;
  const named = text.decode(encode({ positions, operators, pieces, n, fingerprint, drained }));
  const how = [escapeText(fingerprint), String(drained), String(CHECKPOINT_FORMAT)];
  return [String(n), named, ...how, ...nameArrays([...changed, ...dropped])];
}

/** The row as it was read. */
export function heldRow(row: Record<string, string>): HeldRow {
  const held = (prefix: '' | 'before_'): HeldHeader => ({
    n: Number(row[`${prefix}n`]),
    positions: row[`${prefix}positions`] as string,
    fingerprint: unescapeText(row[`${prefix}fingerprint`] as string),
    drained: row[`${prefix}drained`] === 'true',
  });
  const numbers = { epoch: Number(row['epoch']), format: Number(row['format']) };
  return { ...held(''), ...numbers, before: held('before_') };
}
