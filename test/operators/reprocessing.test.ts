/** Reprocessing: jobs that begin at positions, at a time, as another job stands, or with files; and backfills. */
import fc from 'fast-check';
import {
  count,
  dedupe,
  eventTimeWindow,
  idempotentSink,
  type Job,
  type JobConfig,
  job,
  type Source,
  type StartConfig,
  type Store,
  sum,
  tumbling,
  watermark,
} from 'tidemark';
import { memoryStore } from 'tidemark/memory';
import { arraySource } from 'tidemark/testing';
import { between } from '../../operators/between.js';
import { bootstrap } from '../../operators/bootstrap.js';
import { seekable } from '../../operators/seekable.js';

interface Click {
  readonly id: number;
  readonly at: number;
}

const BOUND = 30;
const SIZE = 20;

/* In arrival order, at most BOUND behind; no two runs of a test need the same. */
function clicksOf(offsets: readonly number[]): Click[] {
  return offsets.map((back, i) => ({ id: i, at: i * 7 + 100 - back }));
}

/* Windows of those that are in the range, by brute force. */
function oracle(clicks: readonly Click[], from = -Infinity, to = Infinity): number[][] {
  const rows = new Map<number, [number, number, number]>();
  for (const { id, at } of clicks) {
    if (at < from || at >= to) continue;
    const start = Math.floor(at / SIZE) * SIZE;
    const row = rows.get(start) ?? [start, 0, 0];
    rows.set(start, [start, row[1] + 1, row[2] + id]);
  }
  return [...rows.values()].sort((a, b) => a[0] - b[0]);
}

function build(
  store: Store,
  source: Source<Click>,
  o: Partial<JobConfig> & { readonly table?: string; readonly size?: number } = {},
): Job {
  const { table = 'out', size = SIZE, ...config } = o;
  return job({
    id: 'j',
    checkpoints: store.checkpoints(),
    every: '1h',
    everyEvents: 5,
    restart: { attempts: 1 },
    topology: (t) =>
      t.sink(
        t.source(source).pipe(
          watermark({ id: 'time', timestamp: (c) => c.at, outOfOrderness: BOUND }),
          dedupe({ id: 'once', key: (c) => c.id, within: 1000 }),
          eventTimeWindow({
            id: 'win',
            window: tumbling(size),
            aggregate: { n: count(), ids: sum((c) => c.id) },
          }),
          idempotentSink({
            id: 'out',
            store: store.table(table, { key: ['start'] }),
            key: (r) => [r.window.start],
            row: (r) => r.value,
          }),
        ),
      ),
    ...config,
  });
}

async function rowsOf(store: Store, table = 'out'): Promise<number[][]> {
  const rows: number[][] = [];
  for await (const row of store.table(table, { key: ['start'] }).rows()) {
    rows.push(Object.values(row) as number[]);
  }
  return rows;
}

/* Runs until so many rows have been read, and stops. */
async function stopAfter(n: number, make: (source: Source<Click>) => Job, source: Source<Click>) {
  let seen = 0;
  const made: Job = make({
    ...source,
    open: (position, out) =>
      source.open(position, {
        ...out,
        event(click, split) {
          out.event(click, split);
          if (++seen === n) made.stop();
        },
      }),
  });
  return made.run();
}

const inputs = fc.array(fc.integer({ min: 0, max: BOUND }), { minLength: 12, maxLength: 60 });
const check = (fn: (clicks: Click[], cut: number) => Promise<void>) =>
  fc.assert(
    fc.asyncProperty(inputs, fc.nat(), (offsets, cut) => {
      const clicks = clicksOf(offsets);
      return fn(clicks, cut % clicks.length);
    }),
    { numRuns: 40 },
  );

it('begun at a position, it computes what a batch computes of the rest', () =>
  check(async (clicks, cut) => {
    const store = memoryStore();
    const begun = build(store, arraySource('clicks', clicks), {
      start: { positions: { clicks: cut } },
    });
    expect(await begun.run()).toBe('completed');
    expect(await rowsOf(store)).toEqual(oracle(clicks.slice(cut)));
  }));

it('begun at a time, it computes what a batch computes from that time on', () =>
  check(async (clicks, cut) => {
    const store = memoryStore();
    const time = Math.floor((clicks[cut] as Click).at / SIZE) * SIZE;
    let read = 0;
    const counted = arraySource('clicks', clicks);
    const source = seekable<Click>(
      {
        ...counted,
        open: (at, out) =>
          counted.open(at, {
            ...out,
            event: (c) => {
              read++;
              out.event(c);
            },
            finished: () => out.finished(),
            declare: (s) => out.declare(s),
            failed: (e) => out.failed(e),
          }),
      },
      (c) => c.at,
    );
    const begun = build(store, source, { start: { time } });
    expect(await begun.run()).toBe('completed');
    expect(await rowsOf(store)).toEqual(oracle(clicks, time));
    const first = clicks.findIndex(({ at }) => at >= time);
    expect(begun.status().sources[0]?.position).toBe(clicks.length);
    expect(read).toBe(clicks.length + 1);
    expect(await source.seek?.(time)).toBe(first);
  }));

it('begun as another job stands, both end with the table of a batch', () =>
  check(async (clicks, cut) => {
    const store = memoryStore();
    const source = arraySource('clicks', clicks);
    const outcome = await stopAfter(cut + 1, (s) => build(store, s), source);
    expect(outcome).toBe('stopped');
    const before = await rowsOf(store);
    const other = build(store, source, { id: 'k', table: 'beside', start: { from: 'j' } });
    expect(await other.run()).toBe('completed');
    const beside = await rowsOf(store, 'beside');
    // what the first had written is not written again; together they are the whole
    expect([...before, ...beside].sort((a, b) => (a[0] as number) - (b[0] as number))).toEqual(
      oracle(clicks),
    );
    expect(await build(store, source).run()).toBe('completed');
    expect(await rowsOf(store)).toEqual(oracle(clicks));
  }));

it('a start as another job stands that does not fit leaves nothing behind', async () => {
  const store = memoryStore();
  const clicks = clicksOf(Array.from({ length: 30 }, () => 0));
  const source = arraySource('clicks', clicks);
  await stopAfter(12, (s) => build(store, s), source);
  const begin = (start: StartConfig, size?: number) =>
    build(store, source, { id: 'k', table: 'beside', start, ...(size && { size }) }).run();
  await expect(begin({ from: 'j' }, 2 * SIZE)).rejects.toThrow(
    `is ${2 * SIZE} but was ${SIZE} when`,
  );
  expect(await store.checkpoints().read('k', '0')).toBeUndefined();
  expect(await begin({ positions: { clicks: 5 } })).toBe('completed');
  expect(await rowsOf(store, 'beside')).toEqual(oracle(clicks.slice(5)));
});

it('stopped while it makes the checkpoint of another job its own, it has it, or begins there again', async () => {
  for (const answers of [true, false]) {
    const store = memoryStore();
    const clicks = clicksOf(Array.from({ length: 30 }, () => 0));
    const source = arraySource('clicks', clicks);
    await stopAfter(12, (s) => build(store, s), source);
    const right = store.checkpoints();
    let held: () => void = () => {};
    const commit: typeof right.commit = async (c) => {
      const answer = right.commit(c);
      await new Promise<void>((resolve) => {
        held = resolve;
      });
      if (!answers) throw new Error('the process ends');
      return answer;
    };
    const checkpoints = Object.assign(Object.create(right) as typeof right, { commit });
    const start = { from: 'j' };
    const other = build(store, source, { id: 'k', table: 'beside', start, checkpoints });
    const run = other.run();
    run.catch(() => {});
    while (other.status().epoch === 0) await new Promise(setImmediate);
    const stopped = other.stop();
    stopped.catch(() => {});
    for (let i = 0; i < 20; i++) {
      held();
      await new Promise(setImmediate);
    }
    if (answers) expect(await stopped).toBe('stopped');
    else await expect(stopped).rejects.toThrow('the process ends');
    const again = build(store, source, { id: 'k', table: 'beside', start });
    expect(await again.run()).toBe('completed');
    const [before, beside] = [await rowsOf(store), await rowsOf(store, 'beside')];
    expect([...before, ...beside].sort((a, b) => (a[0] as number) - (b[0] as number))).toEqual(
      oracle(clicks),
    );
  }
});

it('a start counts only until the job has a checkpoint of its own', async () => {
  const clicks = clicksOf(Array.from({ length: 30 }, () => 0));
  const store = memoryStore();
  const source = arraySource('clicks', clicks);
  const start = { positions: { clicks: 4 } };
  await stopAfter(9, (s) => build(store, s, { start }), source);
  expect(await build(store, source, { start }).run()).toBe('completed');
  expect(await rowsOf(store)).toEqual(oracle(clicks.slice(4)));
});

it('files and then what is live, stopped anywhere, are one input', () =>
  check(async (clicks, cut) => {
    const store = memoryStore();
    const half = Math.floor(clicks.length / 2);
    // the files have some of what the topic has too
    const files = arraySource('files', clicks.slice(0, half + 3), {
      splits: ['f'],
      splitOf: () => 'f',
    });
    const live = arraySource('live', clicks.slice(half), { splits: ['a'], splitOf: () => 'a' });
    const source = bootstrap('clicks', files, live);
    expect(await stopAfter(cut + 1, (s) => build(store, s), source)).toBe('stopped');
    const last = build(store, source);
    expect(await last.run()).toBe('completed');
    expect(await rowsOf(store)).toEqual(oracle(clicks));
    expect(last.status().sources[0]?.position).toEqual({ part: 'live', at: clicks.length - half });
  }));

it('a backfill of a range writes what is missing or wrong there, and nothing twice', () =>
  check(async (clicks, cut) => {
    const store = memoryStore();
    await build(store, arraySource('clicks', clicks.slice(0, cut))).run();
    const from = Math.floor((clicks[cut] as Click).at / SIZE) * SIZE - SIZE;
    const to = from + 3 * SIZE;
    const range = between(arraySource('clicks', clicks), {
      timestamp: (c) => c.at,
      from,
      to,
      window: tumbling(SIZE),
    });
    for (const id of ['fill', 'again']) {
      expect(await build(store, range, { id }).run()).toBe('completed');
      const right = new Map(oracle(clicks.slice(0, cut)).map((row) => [row[0], row]));
      for (const row of oracle(clicks, from, to)) right.set(row[0], row);
      const rows = [...right.values()].sort((a, b) => (a[0] as number) - (b[0] as number));
      expect(await rowsOf(store)).toEqual(rows);
    }
  }));

describe('refuses', () => {
  const clicks = clicksOf([0, 0, 0]);
  const source = arraySource('clicks', clicks);
  const begin = (start: JobConfig['start'], store = memoryStore(), from = source) =>
    build(store, from, { id: 'k', start: start as NonNullable<JobConfig['start']> }).run();

  it('a start that cannot be', async () => {
    await expect(begin({ time: 0 })).rejects.toThrow(
      'job "k": source "clicks" cannot find a time; wrap it in seekable(...), or begin at `start.positions`',
    );
    await expect(begin({ positions: { taps: 1 } })).rejects.toThrow(
      'it has no source "taps", for which `start.positions` has one',
    );
    await expect(begin({ from: 'j' })).rejects.toThrow('job "j" has no checkpoint to begin with');
    const store = memoryStore();
    await build(store, source).run();
    await expect(begin({ from: 'j' }, store)).rejects.toThrow('job "j" had come to its end');
    const other = memoryStore();
    await stopAfter(1, (s) => build(other, s), source);
    await expect(begin({ from: 'j' }, other, arraySource('taps', clicks))).rejects.toThrow(
      'job "j" has the sources ["clicks"], not ["taps"]',
    );
    expect(await other.checkpoints().read('k', '0')).toBeUndefined();
  });

  it('a wrong start, range or source at construction', () => {
    const start = (given: object) => () => build(memoryStore(), source, { start: given });
    expect(start({})).toThrow('job: `start` must be one of `from`, `time` and `positions`; got {}');
    expect(start({ from: 'a', time: 1 })).toThrow('`start` must be one of');
    expect(start({ from: '' })).toThrow('`start.from` must be the id of a job');
    expect(start({ time: 'soon' })).toThrow('`start.time` must be an instant; got "soon"');
    const range = (o: object) => () =>
      between(source, {
        timestamp: (c: Click) => c.at,
        from: 0,
        to: 40,
        window: tumbling(20),
        ...o,
      });
    expect(range({ from: 10 })).toThrow(
      'between: `from` must be where a window of 20 ms begins; got 10; a cut window would be written by half',
    );
    expect(range({ to: 0 })).toThrow('`from` must be before `to`');
    expect(range({ to: 'soon' })).toThrow('`to` must be an instant');
    expect(range({ window: undefined })).toThrow('`window` must be tumbling(...)');
    expect(range({ timestamp: 'at' })).toThrow('`timestamp` must be a function');
    expect(() => bootstrap('', source, source)).toThrow('`name` must be a non-empty string');
    expect(() => bootstrap('a', source, {} as Source<Click>)).toThrow('`live` must be a Source');
    expect(() => seekable(source, 'at' as never)).toThrow('`timestamp` must be a function');
  });
});

it('a source that fails while a time is looked for fails the job', async () => {
  const failing: Source<Click> = {
    name: 'clicks',
    open: (_, out) => ({
      position: () => 0,
      pause: () => {},
      resume: () => out.failed(new Error('no disk')),
      close: async () => {},
    }),
  };
  const begun = build(
    memoryStore(),
    seekable(failing, (c) => c.at),
    { start: { time: 0 } },
  );
  await expect(begun.run()).rejects.toThrow('no disk');
});

it('a time after all rows is the end of the input', async () => {
  const clicks = clicksOf([0, 0, 0]);
  const store = memoryStore();
  const source = seekable(arraySource('clicks', clicks), (c) => c.at);
  expect(await build(store, source, { start: { time: 10_000 } }).run()).toBe('completed');
  expect(await rowsOf(store)).toEqual([]);
});

describe('a backfill of a window that had late panes', () => {
  const range = { from: 0, to: 10, window: tumbling(10), timestamp: (c: Click) => c.at };
  const clicksAt = (...ats: number[]) => ats.map((at, id) => ({ id, at }));
  const late = arraySource('clicks', clicksAt(1, 12, 3, 5, 25));
  const whole = between(arraySource('clicks', clicksAt(1, 3, 5, 6, 12, 25)), range);
  const other = between(arraySource('clicks', clicksAt(1, 12, 25)), range);

  /** Runs a job over a source; `version` begins with the generation, where there is one. */
  async function run(store: Store, id: string, source: Source<Click>, generation?: number) {
    const made = job({
      id,
      checkpoints: store.checkpoints(),
      every: '1h',
      topology: (t) =>
        t.sink(
          t.source(source).pipe(
            watermark({ id: 'time', timestamp: (c) => c.at }),
            eventTimeWindow({
              id: 'win',
              window: tumbling(10),
              aggregate: { n: count() },
              allowedLateness: 10,
            }),
            idempotentSink({
              id: 'out',
              store: store.table('out', { key: ['start'] }),
              key: (r) => r.window.start,
              row: (r) => r.value,
              ...(generation !== undefined && {
                version: (r) => [generation, r.pane.index],
              }),
            }),
          ),
        ),
    });
    expect(await made.run()).toBe('completed');
    const { written, ignored } = made.status().operators.get('out') as Record<string, unknown>;
    return { written, ignored, n: (await rowsOf(store))[0]?.[1] };
  }

  it('is ignored where no version is given, and counted so', async () => {
    const store = memoryStore();
    expect(await run(store, 'live', late)).toMatchObject({ n: 3 });
    expect(await run(store, 'fill', whole)).toEqual({ written: 0, ignored: 1, n: 3 });
  });

  it.each([
    ['from the start', 0, 1],
    ['for the backfill alone', undefined, 1_000_000],
  ])('wins by a higher generation, given %s', async (_, live, higher) => {
    const store = memoryStore();
    expect(await run(store, 'live', late, live)).toMatchObject({ n: 3 });
    expect(await run(store, 'a', whole, higher)).toEqual({ written: 1, ignored: 0, n: 4 });
    expect(await run(store, 'b', whole, higher)).toEqual({ written: 0, ignored: 1, n: 4 });
    expect(await run(store, 'c', other, higher - 1)).toEqual({ written: 0, ignored: 1, n: 4 });
    expect(await run(store, 'd', other, higher + 1)).toEqual({ written: 1, ignored: 0, n: 1 });
  });
});
