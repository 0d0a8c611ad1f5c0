/** A small job on a file store, and what must be there after a crash at any point of it. */

import { fileStore } from '../../../adapters/files/store.js';
import { encode } from '../../../lib/codec.js';
import type { FileSystem } from '../../../lib/log/fileSystem.js';
import type { Commit, Row, Upsert } from '../../../lib/ports.js';
import { chunkOf } from '../chunk.js';

export const DIR = '/data';
const layout = { key: ['k'], columns: { k: 'text', n: 'int8' } };

/** What the process that crashed was told. */
export interface Told {
  /** The newest checkpoint that was answered, and the one that was sent. */
  acked: number;
  sent: number;
  /** Writes beside checkpoints: the same. */
  bareAcked: number;
  bareSent: number;
  epoch: number;
  error?: unknown;
  /** Steps that failed without ending the process: their outcome was asked for, and they were sent again. */
  failed: number;
}

export const nothing = (): Told => ({
  ...{ acked: 0, sent: 0, bareAcked: 0, bareSent: 0, epoch: 0, failed: 0 },
});

/** Opens the store, checks that what is there is whole, and goes on up to checkpoint `last`. */
export async function runJob(fs: FileSystem, told: Told, last: number): Promise<void> {
  const store = await fileStore({ dir: DIR, fs, clock: { now: () => 7 }, compactAbove: 700 });
  const rows = store.table('rows', layout);
  const bare = store.table('bare', layout);
  const checkpoints = store.checkpoints();
  const { epoch, checkpoint } = await checkpoints.acquire('job', '0', 'f');
  const n = checkpoint?.n ?? 0;
  check(n === told.acked || n === told.sent, `checkpoint ${n} of ${told.acked} to ${told.sent}`);
  check(epoch > told.epoch, `epoch ${epoch} after ${told.epoch}`);
  same(chunkOf(checkpoint, 'op', 'a'), n === 0 ? undefined : stateAt(n), 'state');
  same(checkpoint?.positions.get('in'), n === 0 ? undefined : n * 10, 'position');
  same(await all(rows.rows()), rowsAt(n), 'rows');
  const other = await all(bare.rows());
  const wanted = [told.bareAcked, told.bareSent].map((m) => JSON.stringify(bareAt(m)));
  check(wanted.includes(JSON.stringify(other)), `rows beside: ${JSON.stringify(other)}`);
  told.epoch = epoch;
  told.acked = told.sent = n;
  told.bareAcked = told.bareSent = other.length;
  while (told.acked < last) {
    const next = told.acked + 1;
    told.sent = next;
    const commit: Commit = {
      ...{ job: 'job', task: '0', epoch, n: next, prev: next - 1, fingerprint: 'f' },
      drained: false,
      positions: new Map([['in', next * 10]]),
      operators: ['op'],
      changed: [{ operator: 'op', chunk: 'a', bytes: encode(stateAt(next)) }],
      dropped: [],
      pieces: 1,
      rows: [{ store: rows, rows: batchOf(next) }],
    };
    const { outcome } = await patient(told, async (again) => {
      const known = again ? await checkpoints.lastCommitted('job', '0') : { epoch, n: told.acked };
      check(known.epoch >= epoch, `epoch ${known.epoch} after ${epoch}`);
      return known.n === next ? { outcome: 'ok' } : checkpoints.commit(commit);
    });
    same(outcome, 'ok', 'answer');
    told.acked = next;
    if (next % 2 === 1) continue;
    told.bareSent++;
    await patient(told, () => bare.upsert([upsert([`b${told.bareSent}`], { n: 1 }, 1)]));
    told.bareAcked = told.bareSent;
  }
  await store.close();
}

/* A failure that may pass is met as a job meets it: ask, and send again. */
async function patient<T>(told: Told, work: (again: boolean) => Promise<T>): Promise<T> {
  for (let again = false; ; again = true) {
    try {
      return await work(again);
    } catch (thrown) {
      const cause = (thrown as { cause?: { code?: unknown } }).cause?.code;
      if (cause !== 'EIO') throw thrown;
      told.failed++;
    }
  }
}

/** The job as a process that may end anywhere: what it was told is kept, what it threw too. */
export async function attempt(fs: FileSystem, told: Told, last: number): Promise<void> {
  try {
    await runJob(fs, told, last);
  } catch (thrown) {
    if (thrown instanceof Violation) throw thrown;
    told.error = thrown;
  }
}

/** Something that was promised is not so. */
export class Violation extends Error {}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Violation(what);
}

function same(got: unknown, wanted: unknown, what: string): void {
  const [a, b] = [got, wanted].map((x) => JSON.stringify(x));
  check(a === b, `${what}: ${a} instead of ${b}`);
}

const stateAt = (n: number) => ({ n, pad: 'x'.repeat(40 + n) });
const bareAt = (m: number) => Array.from({ length: m }, (_, i) => ({ k: `b${i + 1}`, n: 1 }));

const upsert = (key: readonly string[], row: Row, n: number): Upsert => ({
  op: 'upsert',
  ...{ key, row, revision: [n], timestamp: n },
});

/* Each checkpoint writes one row anew, one for good, and deletes the one before that. */
function batchOf(n: number): Upsert[] {
  const made = [upsert(['last'], { n }, n), upsert([`r${n}`], { n }, n)];
  if (n === 1) return made;
  return [...made, { ...upsert([`r${n - 1}`], {}, n), op: 'delete' }];
}

function rowsAt(n: number): Row[] {
  return n === 0
    ? []
    : [
        { k: 'last', n },
        { k: `r${n}`, n },
      ];
}

async function all(rows: AsyncIterable<Row>): Promise<Row[]> {
  const list: Row[] = [];
  for await (const row of rows) list.push(row);
  return list;
}
