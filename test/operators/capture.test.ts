/** A job with more state than one turn reads: sources stand still meanwhile, and only what changed is written. */
import {
  type CheckpointStore,
  type Commit,
  count,
  type EventStream,
  eventTimeWindow,
  idempotentSink,
  job,
  session,
  tumbling,
  watermark,
} from 'tidemark';
import { memoryStore, type Store } from 'tidemark/memory';
import { ArrivalClock, arraySource, harness } from 'tidemark/testing';
import { decode } from '../../lib/codec.js';

interface Click {
  readonly key: number;
  readonly at: number;
}

const KEYS = 9000;
const CHANGES = 100;
/* Every key once, then some of them again, far apart. */
const clicks: readonly Click[] = Array.from({ length: KEYS + CHANGES }, (_, i) => ({
  key: i < KEYS ? i : (i * 7919) % KEYS,
  at: i,
}));

function setup(store: Store, everyEvents: number, rows = clicks, ends = true) {
  const commits: Commit[] = [];
  const inner = store.checkpoints();
  const checkpoints: CheckpointStore = Object.assign(Object.create(inner), {
    commit: (commit: Commit) => {
      commits.push(commit);
      return inner.commit(commit);
    },
  });
  const clock = new ArrivalClock();
  const seen = { events: 0 };
  const table = store.table('out', { key: ['key'] });
  const made = job({
    id: 'j',
    checkpoints,
    every: '1h',
    everyEvents,
    clock,
    topology: (t) =>
      t.sink(
        t.source(arraySource('clicks', rows, { ends })).pipe(
          watermark({
            id: 'time',
            timestamp: (c: Click) => {
              seen.events++;
              return c.at;
            },
          }),
          eventTimeWindow({
            id: 'win',
            key: (c) => c.key,
            window: tumbling('1h'),
            aggregate: { n: count() },
          }),
          idempotentSink({ id: 'out', store: table, key: (r) => r.key, row: (r) => r.value }),
        ),
      ),
  });
  return { made, commits, clock, seen };
}

/** Lets microtasks run out. */
async function settle(turns = 30_000): Promise<void> {
  for (let i = 0; i < turns; i++) await Promise.resolve();
}

/* Rows of the window that a commit writes. */
function rowsIn({ changed }: Commit): number {
  const pages = changed.filter(({ chunk }) => chunk.startsWith('slice/'));
  return pages.flatMap(({ bytes }) => decode(bytes) as unknown[]).length;
}

async function counts(store: Store): Promise<Map<unknown, unknown>> {
  const all = new Map<unknown, unknown>();
  for await (const { key, n } of store.table('out', { key: ['key'] }).rows()) all.set(key, n);
  return all;
}

it('sources stand still until all is read', async () => {
  const { made, commits, clock, seen } = setup(memoryStore(), KEYS);
  const done = made.run();
  await settle();
  expect([seen.events, commits.length]).toEqual([KEYS, 0]);
  expect(made.status().sources[0]?.held).toEqual(['barrier']);
  clock.advance(1);
  await settle();
  expect(commits.map(rowsIn)[0]).toBe(KEYS);
  expect(seen.events).toBe(KEYS + CHANGES);
  clock.advance(1);
  expect(await done).toBe('completed');
});

it('a checkpoint after 100 changes writes 100 rows, and the next run goes on from all of them', async () => {
  const store = memoryStore();
  const first = setup(store, KEYS, clicks, false);
  const done = first.made.run();
  for (let turn = 0; turn < 9; turn++) {
    await settle(turn === 0 ? 30_000 : 500);
    first.clock.advance(1);
  }
  await settle();
  const stopped = first.made.stop();
  await settle(500);
  expect(await stopped).toBe('stopped');
  await done;
  expect(first.commits.map(rowsIn)).toEqual([KEYS, CHANGES]);

  const second = setup(store, KEYS);
  const again = second.made.run();
  for (let turn = 0; turn < 9; turn++) {
    await settle(500);
    second.clock.advance(1);
  }
  expect(await again).toBe('completed');
  const wanted = new Map<number, number>();
  for (const { key } of clicks) wanted.set(key, (wanted.get(key) ?? 0) + 1);
  expect(await counts(store)).toEqual(wanted);
});

it('a stop while state is being read ends with what was read', async () => {
  const store = memoryStore();
  const { made, commits, clock } = setup(store, KEYS, clicks, false);
  const done = made.run();
  await settle();
  const stopped = made.stop();
  for (let turn = 0; turn < 9; turn++) {
    clock.advance(1);
    await settle(500);
  }
  expect([await stopped, await done]).toEqual(['stopped', 'stopped']);
  expect(commits.map(rowsIn)).toEqual([KEYS, 0]);
});

it('a drain while state is being read waits for it: the checkpoint before has no window fired', async () => {
  const store = memoryStore();
  const { made, commits, clock } = setup(store, KEYS, clicks, false);
  const done = made.run();
  await settle();
  const drained = made.drain();
  await settle(500);
  expect(made.status().operators.get('win')).toMatchObject({ fired: 0, live: KEYS });
  for (let turn = 0; turn < 9; turn++) {
    clock.advance(1);
    await settle(500);
  }
  expect([await drained, await done]).toEqual(['drained', 'drained']);
  expect(commits.map((commit) => [rowsIn(commit), commit.rows[0]?.rows.length])).toEqual([
    [KEYS, 0],
    [0, KEYS],
  ]);
});

it('a session that another has absorbed since the capture before stays away after a restore', () => {
  const sessions = (in$: EventStream<string>) =>
    in$.pipe(
      eventTimeWindow({
        id: 'win',
        key: (v) => v,
        window: session(10),
        aggregate: { n: count() },
      }),
    );
  const one = harness(sessions);
  one.push('a', 1);
  one.push('a', 20);
  const two = harness(sessions);
  two.restore(one.snapshot());
  two.push('a', 10);
  const three = harness(sessions);
  three.restore(two.snapshot());
  three.watermark(99);
  expect(three.take().flatMap((m) => (m.kind === 'event' ? [m.value] : []))).toMatchObject([
    { window: { start: 1, end: 30 }, value: { n: 3 } },
  ]);
});
