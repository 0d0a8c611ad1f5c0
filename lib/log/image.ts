/** What a log comes to: tasks and tables in memory, changed by entries alone, so that a replay ends where the writer was. */
import { rejection } from '../checkpointRules.js';
import { encode } from '../codec.js';
import { type HeldTask, UNTOUCHED } from '../heldTask.js';
import { KeptRows, rowId } from '../keptRows.js';
import { keyText } from '../key.js';
import { compareOutbox, type OutboxPosition } from '../outboxPosition.js';
import type { CommitAnswer, OutboxOwner, TableConfig, UpsertResult } from '../ports.js';
import type { Sliced } from '../turns.js';
import {
  type AcquireEntry,
  type CommitEntry,
  type KeptPage,
  type OutboxEntry,
  RawBytes,
  type TableWrite,
  type TaskEntry,
  unpackRows,
} from './entry.js';
import { CommitParts, place, placeAll, type RowsPart, type State } from './parts.js';
import type { LogRecord } from './record.js';

/** A table of the log. */
export interface ImageTable {
  readonly name: string;
  layout: TableConfig;
  readonly kept: KeptRows;
  /** Bytes and rows written so far: what a row takes, on the average. */
  bytes: number;
  writes: number;
  /** The one list for equal lists of columns: rows that share it take less, and are compared faster. */
  readonly one: (names: readonly string[]) => readonly string[];
}

export interface ImageTask extends HeldTask {
  readonly job: string;
  readonly task: string;
  readonly state: State;
  readonly stateBytes: number;
}

/** What an entry did; entries that answer nothing answer `'ok'`. */
export type Answer = CommitAnswer;

export class Image {
  readonly tasks = new Map<string, ImageTask>();
  readonly tables = new Map<string, ImageTable>();
  /** Where each outbox stands, by table and owner. */
  readonly outboxes = new Map<string, Omit<OutboxEntry, 'tables'>>();
  private readonly parts = new CommitParts();
  /** Whether the log has come to the end of what its compaction wrote. */
  based = false;

  /** The only way in which anything changes. */
  *apply({ entry, raw }: LogRecord): Sliced<Answer> {
    const bytes = new RawBytes(raw);
    switch (entry.kind) {
      case 'acquire':
        return this.acquire(entry);
      case 'part':
        this.parts.add(entry, bytes);
        break;
      case 'commit':
        return yield* this.commit(entry, bytes);
      case 'write':
        return { outcome: 'ok', results: yield* this.writeAll(entry.tables, bytes) };
      case 'forget':
        this.tables.get(entry.table)?.kept.forget(entry.timestamp);
        break;
      case 'expire':
        this.tables.get(entry.table)?.kept.expire(entry.timestamp);
        break;
      case 'outbox':
        return yield* this.outbox(entry, bytes);
      case 'fence':
        for (const [id, held] of this.tasks) this.tasks.set(id, { ...held, epoch: held.epoch + 1 });
        break;
      case 'task':
        this.restoreTask(entry, bytes);
        break;
      case 'rows':
        this.restoreRows(entry.table, bytes);
        break;
      case 'base':
        this.based = true;
    }
    return { outcome: 'ok', results: [] };
  }

  task(job: string, task: string): ImageTask {
    const held = this.tasks.get(keyText([job, task]));
    return held ?? { ...UNTOUCHED, job, task, stateBytes: 0, state: new Map() };
  }

  outboxAt(table: string, { job, task, sink }: OutboxOwner): OutboxPosition | undefined {
    return this.outboxes.get(keyText([table, job, task, sink]))?.position;
  }

  /** Nobody may become an owner of this epoch again, though what it wrote is lost. */
  raise({ job, task, epoch }: Pick<AcquireEntry, 'job' | 'task' | 'epoch'>): void {
    const held = this.task(job, task);
    if (epoch <= held.epoch) return;
    this.tasks.set(keyText([job, task]), { ...held, epoch });
  }

  /** About how many bytes a compaction would write. */
  liveBytes(): number {
    let bytes = 0;
    for (const { stateBytes } of this.tasks.values()) bytes += stateBytes;
    for (const { kept, bytes: written, writes } of this.tables.values()) {
      bytes += ((kept.rows.size + kept.tombstones.size) * written) / Math.max(1, writes);
    }
    return Math.ceil(bytes);
  }

  table(name: string, layout: TableConfig): ImageTable {
    const known = this.tables.get(name);
    if (known !== undefined) return known;
    const made = { name, layout, kept: new KeptRows(), bytes: 0, writes: 0, one: oneOfEqual() };
    this.tables.set(name, made);
    return made;
  }

  /* The epoch was chosen by the writer; one that is not higher has come too late. */
  private acquire({ job, task, epoch }: AcquireEntry): Answer {
    const held = this.task(job, task);
    if (epoch <= held.epoch) return { outcome: 'fenced' };
    this.parts.drop(job, task);
    this.tasks.set(keyText([job, task]), { ...held, epoch });
    return { outcome: 'ok', results: [] };
  }

  private *commit(entry: CommitEntry, raw: RawBytes): Sliced<Answer> {
    const { job, task } = entry;
    const id = keyText([job, task]);
    const held = this.tasks.get(id);
    const rejected = rejection(entry, held);
    if (held === undefined || rejected !== undefined) {
      this.parts.drop(job, task);
      return rejected ?? { outcome: 'fenced' };
    }
    const { pieces, rows } = this.parts.take(entry);
    const { state } = held;
    let bytes = held.stateBytes;
    for (const [operator, chunk] of entry.dropped) {
      bytes -= state.get(operator)?.get(chunk)?.length ?? 0;
      state.get(operator)?.delete(chunk);
    }
    bytes += place(state, entry, raw) + placeAll(state, pieces);
    for (const operator of state.keys()) {
      if (!entry.operators.includes(operator)) state.delete(operator);
    }
    this.tasks.set(id, { ...held, ...headerOf(entry), stateBytes: bytes });
    return { outcome: 'ok', results: yield* this.writeAll(entry.tables, raw, rows) };
  }

  /* The position was chosen by the writer; one that is not higher has come too late. */
  private *outbox({ tables, ...entry }: OutboxEntry, raw: RawBytes): Sliced<Answer> {
    const { table, owner, position } = entry;
    const held = this.outboxAt(table, owner);
    if (held !== undefined && compareOutbox(position, held) <= 0) {
      return { outcome: held.epoch > position.epoch ? 'fenced' : 'duplicate' };
    }
    this.outboxes.set(keyText([table, owner.job, owner.task, owner.sink]), entry);
    return { outcome: 'ok', results: yield* this.writeAll(tables, raw) };
  }

  /* What stands in parts comes first, and counts as one write with the rest. */
  private *writeAll(
    tables: readonly TableWrite[],
    raw: RawBytes,
    parts: readonly RowsPart[] = [],
  ): Sliced<UpsertResult[]> {
    const results: UpsertResult[] = [];
    for (const [sink, own] of tables.entries()) {
      let done: UpsertResult = { written: 0, ignored: 0, conflicts: 0 };
      for (const part of parts) {
        if (part.sink !== sink) continue;
        done = sum(done, yield* this.write({ ...own, ...part.write }, part.raw));
        yield;
      }
      results.push(sum(done, yield* this.write(own, raw)));
    }
    return results;
  }

  private *write({ name, layout, now, ...rows }: TableWrite, raw: RawBytes): Sliced<UpsertResult> {
    const table = this.table(name, layout);
    table.writes += rows.rows.length;
    table.bytes += sizeOf(rows);
    const effects = unpackRows(rows, raw, table.one);
    return yield* table.kept.apply(
      effects.map((effect) => [rowId(effect.key), effect] as const),
      now,
    );
  }

  private restoreTask(entry: TaskEntry, raw: RawBytes): void {
    const held = this.task(entry.job, entry.task);
    const { epoch } = entry;
    const stateBytes = held.stateBytes + place(held.state, entry, raw);
    const now = { ...held, ...headerOf(entry), epoch, stateBytes };
    this.tasks.set(keyText([entry.job, entry.task]), now);
  }

  private restoreRows({ name, layout, write, written, tombstones }: KeptPage, raw: RawBytes): void {
    const table = this.table(name, layout);
    table.writes += write.rows.length + tombstones.length;
    table.bytes += sizeOf({ ...write, tombstones });
    for (const [i, { key, names, values, upsert }] of unpackRows(write, raw, table.one).entries()) {
      const { revision, timestamp } = upsert;
      const row = { key, names, values, revision, timestamp, written: written[i] ?? 0 };
      table.kept.rows.set(rowId(key), row);
    }
    for (const [id, order] of tombstones) table.kept.tombstones.set(id, order);
  }
}

function sum(a: UpsertResult, b: UpsertResult): UpsertResult {
  return {
    written: a.written + b.written,
    ignored: a.ignored + b.ignored,
    conflicts: a.conflicts + b.conflicts,
  };
}

function oneOfEqual() {
  const lists = new Map<string, readonly string[]>();
  return (names: readonly string[]): readonly string[] => {
    const id = JSON.stringify(names);
    const known = lists.get(id) ?? names;
    lists.set(id, known);
    return known;
  };
}

function headerOf({ positions, ...entry }: CommitEntry | TaskEntry) {
  const { n, fingerprint, drained, pieces, format } = entry;
  return { n, fingerprint, drained, pieces, format, positions: encode(positions) };
}

/* A rough size, by the first rows: it decides when to compact, nothing else. */
function sizeOf({ rows, binary, tombstones = [] }: Page): number {
  const some = [...rows.slice(0, 8), ...tombstones.slice(0, 8)];
  if (some.length === 0) return 0;
  const text = (encode(some).length * (rows.length + tombstones.length)) / some.length;
  return binary.reduce((sum, [, , length]) => sum + length, text);
}

type Page = Pick<KeptPage['write'], 'rows' | 'binary'> & Partial<Pick<KeptPage, 'tombstones'>>;
