/** Whole jobs to a webhook over a bad line, that fail and start again: each row is taken once, in order. */
import { type CheckpointStore, idempotentSink, job, watermark } from 'tidemark';
import { webhook } from 'tidemark/http';
import { memoryStore } from 'tidemark/memory';
import { arraySource } from 'tidemark/testing';
import { type Fault, Receiver } from './receiver.js';

const input = Array.from({ length: 90 }, (_, k) => ({ k }));

/** Checkpoints that end the job in every fifth commit, which is there or not. */
function failing(store: CheckpointStore): CheckpointStore {
  let commits = 0;
  return {
    ...{ name: store.name, transaction: store.transaction },
    acquire: (...args) => store.acquire(...args),
    lastCommitted: (...args) => store.lastCommitted(...args),
    read: (...args) => store.read(...args),
    async commit(commit) {
      const number = ++commits;
      if (number % 10 === 5) throw new Error('the process ends before a commit');
      const answer = await store.commit(commit);
      if (number % 10 === 0) throw new Error('the process ends after a commit');
      return answer;
    },
  };
}

it('through faults of the line, kills of the receiver and failures of the job each row arrives once', async () => {
  const faults: Fault[] = [
    'none',
    'lose reply',
    'none',
    'drop',
    'die after',
    'none',
    503,
    'die before',
  ];
  const there = await new Receiver((n) => faults[n % 8] as Fault).start();
  const checkpoints = failing(memoryStore().checkpoints());
  let [lives, ended] = [0, ''];
  try {
    while (ended !== 'completed') {
      if (++lives > 20) throw new Error('it does not come to an end');
      const run = job({
        ...{ id: 'calls', checkpoints, every: '1h', everyEvents: 5, owner: { lease: 'none' } },
        restart: { attempts: 1 },
        topology: (t) =>
          t.sink(
            t.source(arraySource('rows', input)).pipe(
              watermark({ id: 'time', timestamp: ({ k }) => k }),
              idempotentSink({
                ...{ id: 'out', key: ({ k }: { k: number }) => k, batch: 2 + (lives % 3) },
                store: webhook({ url: there.url, timeout: '2s' }),
                retry: { delay: 1, maxDelay: 10 },
                breaker: { after: Infinity },
              }),
            ),
          ),
      });
      ended = await run.run().catch((thrown: Error) => thrown.message);
      if (ended !== 'completed') expect(ended).toMatch(/the process ends/);
    }
    expect(there.rows.map(({ key }) => key[0])).toEqual(input.map(({ k }) => k));
    expect([...there.positions.values()][0]?.epoch).toBe(lives);
    expect(lives).toBeGreaterThan(3);
    expect(Number(there.seen.at(-1)?.['tidemark-from'])).toBeGreaterThan(5);
    expect(there.deaths).toBeGreaterThan(5);
  } finally {
    await there.stop();
  }
});

it('the rows of a process whose checkpoints are those of nobody before arrive, though its epoch is the same', async () => {
  const there = await new Receiver().start();
  try {
    for (const from of [0, 90]) {
      const rows = input.map(({ k }) => ({ k: from + k }));
      const run = job({
        ...{ id: 'calls', checkpoints: memoryStore().checkpoints(), every: '1h', everyEvents: 30 },
        topology: (t) =>
          t.sink(
            t.source(arraySource('rows', rows)).pipe(
              watermark({ id: 'time', timestamp: ({ k }) => k }),
              idempotentSink({
                ...{ id: 'out', key: ({ k }: { k: number }) => k },
                store: webhook({ url: there.url }),
              }),
            ),
          ),
      });
      expect(await run.run()).toBe('completed');
    }
    expect(there.rows.map(({ key }) => key[0])).toEqual(Array.from({ length: 180 }, (_, k) => k));
    expect([...there.positions.values()]).toMatchObject([{ epoch: 2 }]);
  } finally {
    await there.stop();
  }
});
