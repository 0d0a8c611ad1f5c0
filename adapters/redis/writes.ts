/**
 * Writes of any size: small ones in one script; large ones are staged, switched to in one small
 * step, and then applied bit by bit by whoever comes next, which is never half of it.
 */
import { randomUUID } from 'node:crypto';
import { StoreError } from '../../lib/errors.js';
import type { UpsertResult } from '../../lib/ports.js';
import type { Arg, Connection } from './connection.js';
import { type Item, pack, portions, unpack } from './items.js';
import type { Names } from './names.js';
import type { Script } from './script.js';
import * as scripts from './scripts.js';

/* Staged items that never became committed, and sums that nobody asked for, go by themselves. */
const LEFT_MS = String(24 * 60 * 60_000);
/* Others' writes may be under way each time; each try ends one of them. */
const TRIES = 1000;

/** One write: what it touches, and the guard that decides over it. */
export interface Write {
  /** Packed one by one, so that no turn packs more than two portions. */
  readonly items: () => Iterable<Item>;
  readonly tables: readonly string[];
  /** The task whose state it changes. */
  readonly task?: readonly [job: string, task: string];
  /** In one step. */
  readonly whole: Guarded;
  /** The step that commits what is staged. */
  readonly turn: Guarded;
  /** Sinks, for the results. */
  readonly sinks: number;
}

interface Guarded {
  readonly script: Script;
  /** After the key of pending writes. */
  readonly keys: readonly string[];
  readonly args: readonly Arg[];
}

export type Written =
  | { readonly outcome: 'ok'; readonly results: readonly UpsertResult[] }
  | { readonly outcome: 'duplicate' | 'fenced' | 'gap' };

interface Target {
  readonly task?: readonly [job: string, task: string];
  readonly tables: readonly string[];
}

export class Writes {
  constructor(
    readonly connection: Connection,
    readonly names: Names,
  ) {}

  /** @throws StoreError of kind `'connection'`: then the outcome is unknown */
  async write(write: Write): Promise<Written> {
    for (let i = 0; i < TRIES; i++) {
      const parts = portions(write.items());
      const first = parts.next().value ?? [];
      const second = parts.next();
      const answer = await (second.done
        ? this.whole(write, first)
        : this.staged(write, chain(first, second.value, parts)));
      if (answer !== 'pending') return answer;
      await this.finish();
    }
    throw new StoreError('connection', 'redis: other writes of this prefix never end');
  }

  /** Applies what is committed and not yet applied; anyone may, and to do it twice does no harm. */
  async finish(): Promise<void> {
    const ids: Buffer[] = await this.connection.ask('HKEYS', this.names.pending);
    for (const id of ids) await this.applyAll(String(id));
  }

  private async whole(
    { tables, whole, sinks }: Write,
    items: readonly Item[],
  ): Promise<Written | 'pending'> {
    const keys = [this.names.pending, ...whole.keys, ...this.keysOf(tables, items)];
    const packed = items.map((item) => item.packed);
    const args = [...whole.args, String(tables.length), ...packed];
    const [outcome, ...sums] = await this.connection.run(whole.script, keys, args);
    if (String(outcome) !== 'ok') return rejected(String(outcome));
    const results = nothing(sinks);
    for (const [sink, written, ignored, conflicts] of sums) {
      results[sink] = { written, ignored, conflicts };
    }
    return { outcome: 'ok', results };
  }

  private async staged(
    write: Write,
    parts: Iterable<readonly Item[]>,
  ): Promise<Written | 'pending'> {
    const id = randomUUID();
    const { stage, todo, sums } = this.names.write(id);
    const { turn, tables, task } = write;
    const staged: string[][] = [];
    for (const part of parts) {
      const packed = pack(part.map((item) => item.packed));
      staged.push(this.keysOf(tables, part));
      await this.connection.run(scripts.STAGE, [stage], [LEFT_MS, packed]);
    }
    const target: Target = { tables, ...(task && { task }) };
    const args = [...turn.args, id, String(staged.length), JSON.stringify(target)];
    const keys = [this.names.pending, ...turn.keys, stage, todo];
    const [outcome] = await this.connection.run(turn.script, keys, args);
    if (String(outcome) !== 'ok') {
      await this.connection.ask('UNLINK', stage);
      return rejected(String(outcome));
    }
    await this.applyAll(id, staged);
    const results = await this.sumsOf(sums, write.sinks);
    await this.connection.ask('UNLINK', sums);
    return { outcome: 'ok', results };
  }

  /* The keys of each portion are at hand, or are found out from what was staged. */
  private async applyAll(id: string, staged?: readonly (readonly string[])[]): Promise<void> {
    const { todo, sums } = this.names.write(id);
    const text = await this.connection.ask('HGET', this.names.pending, id);
    if (text === null) return;
    const { tables, task = ['', ''] }: Target = JSON.parse(String(text));
    const { meta, state, undo } = this.names.task(...task);
    for (;;) {
      const left = Number(await this.connection.ask('LLEN', todo));
      if (left === 0) return;
      const known = staged?.[staged.length - left];
      const touched = known ?? this.keysOf(tables, await this.first(todo));
      const own = [this.names.pending, meta, state, undo, todo, sums];
      const keys = [...own, ...touched];
      const args = [id, String(left), String(tables.length), LEFT_MS];
      await this.connection.run(scripts.APPLY_STAGED, keys, args);
    }
  }

  private async first(todo: string): Promise<readonly Item[]> {
    const portion: Buffer | null = await this.connection.ask('LINDEX', todo, '0');
    return portion === null ? [] : unpack(portion).map(itemOf);
  }

  private keysOf(tables: readonly string[], items: readonly Item[]): string[] {
    const keys = tables.flatMap((name) => {
      const { index, graves, times } = this.names.table(name);
      return [index, graves, times];
    });
    for (const { row } of items) {
      if (row !== undefined) keys.push(this.names.row(tables[row.table] ?? '', row.name));
    }
    return keys;
  }

  private async sumsOf(key: string, sinks: number): Promise<readonly UpsertResult[]> {
    const fields = Array.from(
      { length: sinks * 3 },
      (_, i) => `${Math.floor(i / 3)} ${(i % 3) + 1}`,
    );
    if (fields.length === 0) return [];
    const found: (Buffer | null)[] = await this.connection.ask('HMGET', key, ...fields);
    return nothing(sinks).map((_, sink) => {
      const [written, ignored, conflicts] = found.slice(sink * 3, sink * 3 + 3).map(Number);
      return { written: written ?? 0, ignored: ignored ?? 0, conflicts: conflicts ?? 0 };
    });
  }
}

function rejected(outcome: string): Written | 'pending' {
  switch (outcome) {
    case 'pending':
      return outcome;
    case 'duplicate':
    case 'fenced':
    case 'gap':
      return { outcome };
    default:
      throw new StoreError('connection', 'redis: what was staged is gone; it is to be sent again');
  }
}

function nothing(sinks: number): UpsertResult[] {
  return Array.from({ length: sinks }, () => ({ written: 0, ignored: 0, conflicts: 0 }));
}

/* As it was staged: of a row, which table and which name. */
function itemOf(packed: Buffer): Item {
  const [kind, , table, , , name] = unpack(packed).map(String);
  if (kind !== 'r') return { packed };
  return { packed, row: { table: Number(table), name: name ?? '' } };
}

function* chain<T>(first: T, second: T, rest: Iterable<T>): Generator<T> {
  yield first;
  yield second;
  yield* rest;
}
