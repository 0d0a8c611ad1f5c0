/** Who takes part in a job's checkpoints: every stateful operator and sink, by id. */

import type { Chunks, Data } from '../../chunks.js';
import { decode } from '../../codec.js';
import { CodecError, JobError, show } from '../../errors.js';
import type { Member, Membership, SinkMember } from '../../membership.js';
import type { Captured } from '../../page.js';
import type { Checkpoint, EncodedChunks, SinkRows, SinkStore } from '../../ports.js';
import { foldRows, type PendingRow } from '../../rowBatch.js';
import type { Deliveries } from '../sinks/deliveries.js';
import { isOutboxPiece } from '../sinks/outbox.js';
import type { RunMigration } from '../start/migration.js';

/** What one operator gave for a checkpoint. */
export interface Report {
  readonly state: Captured;
  readonly rows: readonly PendingRow[];
}

export type Reports = Map<string, Report>;

interface Enrolled {
  readonly member: Member;
  /** Its inputs have completed: this state counts from now on. */
  final: Captured | undefined;
  /** Rows that no checkpoint has: of a completed sink, or of a declined checkpoint. */
  carried: readonly PendingRow[];
}

export class Roster {
  private readonly enrolled = new Map<string, Enrolled>();
  private closed = false;
  private ended = false;

  constructor(
    private readonly job: string,
    private readonly deliveries: Deliveries,
    private checkpoint: Checkpoint | undefined,
    private readonly on: {
      /** Takes the last state of an operator that leaves. */
      readonly captured: (id: string, state: Chunks) => Captured;
      /** It has left: a checkpoint may have waited for it. */
      readonly left: () => void;
      /** What a changed configuration may give up. */
      readonly migration: RunMigration;
    },
  ) {}

  /** The run is over: who leaves now has nothing to hand in. */
  end(): void {
    this.ended = true;
  }

  /** @throws JobError when the id is missing or taken, or the sink cannot be part of the checkpoint */
  register(member: Member, rest: Pick<Membership, 'advanced' | 'clock' | 'pending'>): Membership {
    const { id, operator } = member;
    if (id === undefined) {
      throw new JobError(this.job, `${operator} needs an \`id\`, which names its state`);
    }
    if (this.enrolled.has(id)) {
      throw new JobError(this.job, `two operators have the id ${show(id)}; each needs its own`);
    }
    const known = this.checkpoint === undefined || this.checkpoint.state.has(id);
    if (!known && !this.on.migration.isNew(id)) {
      throw new JobError(
        this.job,
        `${operator} ${show(id)} is not in the checkpoint, so it would have missed what came before; name it in \`migrate.operators\` as 'new', or start a new job id`,
      );
    }
    if (this.closed) throw new JobError(this.job, `${operator} ${show(id)} came after the start`);
    const saved = this.checkpoint?.state.get(id);
    const entry: Enrolled = { member, final: undefined, carried: [] };
    this.enrolled.set(id, entry);
    const sink = member.sink && this.deliveries.add(id, member.sink, saved);
    this.carry(id, sink?.carried ?? []);
    const migrating = this.on.migration.of(id);
    const state = migrating.floor === undefined ? saved : undefined;
    return {
      ...rest,
      ...(sink?.eager && { eager: sink.eager }),
      restored: state && this.decoded(member, withoutRows(state)),
      migrating,
      finished: (state: () => Chunks, rows = []) => {
        if (this.ended || entry.final !== undefined) return;
        entry.final = this.on.captured(id, state());
        this.carry(id, rows as readonly PendingRow[]);
        this.on.left();
      },
    };
  }

  private decoded({ operator, id }: Member, state: EncodedChunks): Chunks {
    const chunks = new Map<string, Data>();
    for (const [name, bytes] of state) {
      try {
        chunks.set(name, decode(bytes));
      } catch (cause) {
        if (!(cause instanceof CodecError)) throw cause;
        const what = `${operator} ${show(id)}: its chunk ${show(name)} in the checkpoint cannot be read`;
        throw new JobError(this.job, `${what} (${cause.message})`, { cause });
      }
    }
    return chunks;
  }

  /** All have registered. @throws JobError when the checkpoint has state that nobody claims */
  close(): void {
    this.closed = true;
    for (const [id, saved] of this.checkpoint?.state ?? []) {
      if (this.enrolled.has(id)) continue;
      if (this.on.migration.isDropped(id)) {
        if (![...saved.keys()].some(isOutboxPiece)) continue;
        throw new JobError(
          this.job,
          `sink ${show(id)} is gone, and rows wait for its table; run the job with it once more, and stop it`,
        );
      }
      throw new JobError(
        this.job,
        `the checkpoint has state of ${show(id)}, which no operator has now; restore its id, name it in \`migrate.operators\` as 'drop', or start a new job id`,
      );
    }
    // it holds the bytes of the whole state
    this.checkpoint = undefined;
  }

  /** Rows that go, in front, into the next checkpoint. */
  carry(id: string, rows: readonly PendingRow[]): void {
    const entry = this.enrolled.get(id);
    if (entry !== undefined && rows.length > 0) entry.carried = [...entry.carried, ...rows];
  }

  /** The ids that have not reported and have not completed. */
  silent(reports: Reports): string[] {
    const silent: string[] = [];
    for (const [id, { final }] of this.enrolled) {
      if (final === undefined && !reports.has(id)) silent.push(id);
    }
    return silent;
  }

  /** Makes the reports whole: the state of completed operators, and carried rows in front. */
  complete(reports: Reports): void {
    for (const [id, entry] of this.enrolled) {
      const { final, carried } = entry;
      const report = reports.get(id) ?? (final && { state: final, rows: [] });
      if (report === undefined) continue;
      entry.carried = [];
      const rows = carried.length === 0 ? report.rows : foldRows([...carried, ...report.rows]);
      const away = carried.length + report.rows.length - rows.length;
      if (away > 0) entry.member.sink?.resumed?.(-away);
      reports.set(id, { state: report.state, rows });
    }
  }

  sink(id: string): SinkMember | undefined {
    return this.enrolled.get(id)?.member.sink;
  }

  /** Rows by store, as a commit takes them. */
  rowsOf(id: string, rows: readonly PendingRow[]): SinkRows {
    return { store: this.sink(id)?.store as SinkStore, rows };
  }

  /** Live counters by id. */
  stats(): Map<string, object> {
    const all = new Map<string, object>();
    for (const [id, { member }] of this.enrolled) if (member.stats) all.set(id, member.stats);
    return all;
  }
}

/** The state of an operator alone: rows of an outbox are kept with that of their sink, and are the job's. */
export function withoutRows<T>(saved: ReadonlyMap<string, T>): Map<string, T> {
  return new Map([...saved].filter(([chunk]) => !isOutboxPiece(chunk)));
}
