/** Whole jobs from a store in files to an NDJSON sink, crashed at steps of both: each row is in one file, once. */

import { idempotentSink, job, watermark } from 'tidemark';
import { fileStore } from 'tidemark/files';
import { arraySource, type Crash, faultyFiles } from 'tidemark/testing';
import type { FileSystem } from '../../../adapters/files/index.js';
import { VirtualTime } from '../../lib/virtualTime.js';
import { schedulerOf } from '../../operators/virtualScheduler.js';
import { finished, open } from './sinkRuns.js';

const input = Array.from({ length: 24 }, (_, i) => ({ k: i, part: i % 3 }));

/** One life of the process, up to the end of the job or of the machine. */
async function live(fs: FileSystem): Promise<unknown> {
  const time = new VirtualTime();
  const work = async () => {
    const store = await fileStore({ dir: '/data', fs, clock: { now: () => 7 } });
    const files = open(fs, { roll: { rows: 4 } });
    const copy = job({
      ...{ id: 'copy', checkpoints: store.checkpoints(), every: '1h', everyEvents: 6 },
      ...{ owner: { lease: 'none' }, restart: { attempts: 1 }, clock: schedulerOf(time) },
      topology: (t) =>
        t.sink(
          t
            .source(arraySource('rows', input))
            .pipe(
              watermark({ id: 'time', timestamp: ({ k }) => k }),
              idempotentSink({ id: 'out', store: files, key: ({ k }) => k, batch: 4 }),
            ),
        ),
    });
    const ended = await copy.run();
    expect(copy.status().sinks).toMatchObject([{ class: 'O', pending: 0 }]);
    await files.close();
    await store.close();
    return ended;
  };
  const done = work().catch((thrown: unknown) => thrown);
  await time.run();
  return done;
}

async function keysIn(fs: FileSystem): Promise<number[]> {
  const texts = [...(await finished(fs)).values()];
  const lines = texts.flatMap((text) => text.trimEnd().split('\n'));
  return lines.map((line) => JSON.parse(line).row.k).sort((a, b) => a - b);
}

const wanted = input.map(({ k }) => k);

it('a job without faults writes each row once, and its end leaves no open part', async () => {
  const files = faultyFiles({});
  expect(await live(files.boot())).toBe('completed');
  expect(await keysIn(files.boot())).toEqual(wanted);
  expect(files.steps.some((step) => step.startsWith('rename'))).toBe(true);
});

it('crashed at a step of store or sink and started again, each row is there once', async () => {
  const clean = faultyFiles({});
  await live(clean.boot());
  const { length } = clean.steps;
  const crashes: readonly Crash[] = ['killed', 'unsynced lost', 'torn'];
  let points = 0;
  for (let step = 0; step < length; step += 3) {
    const when = points % 2 === 0 ? 'before' : 'after';
    const files = faultyFiles({ seed: 1 + step });
    files.at(step, { crash: crashes[points % 3] as Crash, when });
    files.at(step + 1 + ((step * 7) % 60), {
      crash: crashes[(points >> 1) % 3] as Crash,
      when: 'after',
    });
    let ended: unknown;
    for (let lives = 0; lives < 4 && ended !== 'completed'; lives++) {
      if (lives > 0) files.crash('killed');
      ended = await live(files.boot());
    }
    expect([step, ended]).toEqual([step, 'completed']);
    files.crash('unsynced lost');
    expect([step, await keysIn(files.boot())]).toEqual([step, wanted]);
    points++;
  }
  expect(points).toBeGreaterThan(40);
}, 90_000);
