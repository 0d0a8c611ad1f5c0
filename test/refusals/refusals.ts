/** Configurations that a job refuses: on any store one clear sentence, and what is stored stays as it is. */
import {
  count,
  dedupe,
  eventTimeWindow,
  idempotentSink,
  type Job,
  type JobConfig,
  job,
  type Source,
  type Store,
  tumbling,
  watermark,
} from 'tidemark';
import { arraySource } from 'tidemark/testing';

interface Click {
  readonly id: number;
  readonly at: number;
}

const clicks: readonly Click[] = Array.from({ length: 40 }, (_, i) => ({ id: i, at: i * 5 }));

/** What of the configuration is changed, or wrong. */
interface Shape {
  readonly size?: number;
  readonly window?: string | undefined;
  readonly once?: string | undefined;
  readonly source?: string;
  readonly splits?: readonly string[];
  readonly rows?: readonly Click[];
  readonly owner?: JobConfig['owner'];
  /** One operator stands there a second time. */
  readonly twice?: boolean;
  readonly ends?: boolean;
  /** Rows are written as they come, and windows may fire again. */
  readonly eager?: boolean;
}

/** One refusal: what is wrong, and the one sentence. */
export interface Refusal {
  readonly wrong: string;
  readonly sentence: string;
  readonly shape: Shape;
}

export const refusals: readonly Refusal[] = [
  {
    wrong: 'one id twice',
    sentence: 'two operators have the id "once"; each needs its own',
    shape: { twice: true },
  },
  {
    wrong: 'an operator without an id',
    sentence: 'dedupe needs an `id`, which names its state',
    shape: { once: undefined },
  },
  {
    wrong: 'another window size',
    sentence:
      'eventTimeWindow "win": `size` is 30 but was 20 when the state was saved; start a new job id',
    shape: { size: 30 },
  },
  {
    wrong: 'an operator of another id',
    sentence:
      'eventTimeWindow "panes" is not in the checkpoint, so it would have missed what came before; ' +
      "name it in `migrate.operators` as 'new', or start a new job id",
    shape: { window: 'panes' },
  },
  {
    wrong: 'another source',
    sentence:
      'its checkpoint was written by another configuration ("sources clicks", now "sources taps"); ' +
      'use the configuration that wrote it, or another job id',
    shape: { source: 'taps' },
  },
  {
    wrong: 'a split that is gone',
    sentence: 'split "a" of the checkpoint is no longer declared by its source',
    shape: { splits: ['b'] },
  },
];

/** What only its maker can do to a store: each gives the store to go on with. */
export interface Spoiler {
  /** A store for one test. */
  fresh(): Store | Promise<Store>;
  /** Makes the stored checkpoint of a job look as if a newer version had written it. */
  newer(job: string): Promise<Store>;
  /** Damages its newest checkpoint, or all that it has. */
  damage(job: string, which: 'newest' | 'all'): Promise<Store>;
  /** Whether all is as the damage left it, where nothing can be asked of a damaged store. */
  untouched?(): boolean;
}

let serial = 0;

/** A job that has been stopped half-way on this store, and what may be started on it. */
export class Begun {
  private constructor(
    public store: Store,
    readonly id: string,
    private readonly usual: Shape,
  ) {}

  static async on(store: Store, usual: Shape = {}): Promise<Begun> {
    const begun = new Begun(store, `refused_${process.pid}_${++serial}`, usual);
    await begun.goOn(20);
    return begun;
  }

  /** Reads so many rows, and stops with a checkpoint. */
  async goOn(rows: number): Promise<void> {
    let seen = 0;
    const made: Job = this.job({}, () => {
      if (++seen === rows) made.stop();
    });
    await made.run();
  }

  job(change: Shape = {}, passed: () => void = () => {}): Job {
    const shape = { ...this.usual, ...change };
    const { size = 20, source = 'clicks', splits = ['a', 'b'], rows = clicks, ends = true } = shape;
    const window = 'window' in shape ? shape.window : 'win';
    const once = 'once' in shape ? shape.once : 'once';
    const distinct = {
      ...(once !== undefined && { id: once }),
      key: (c: Click) => c.id,
      within: 10_000,
    };
    const inner = arraySource(source, rows, {
      ...{ splits, ends },
      splitOf: ({ id }) => splits[id % splits.length] as string,
    });
    const input: Source<Click> = {
      ...inner,
      more: async (position) => ((position as number | undefined) ?? 0) < rows.length,
      open: (position, out) =>
        inner.open(position, {
          ...out,
          event(click, split) {
            out.event(click, split);
            passed();
          },
        }),
    };
    return job({
      id: this.id,
      checkpoints: this.store.checkpoints(),
      every: '1h',
      restart: { attempts: 1 },
      owner: shape.owner ?? { name: 'this one', lease: '2s' },
      topology: (t) =>
        t.sink(
          t.source(input).pipe(
            watermark({ id: 'time', timestamp: (c) => c.at }),
            dedupe(distinct),
            shape.twice === true ? dedupe(distinct) : (same) => same,
            eventTimeWindow({
              ...(window !== undefined && { id: window }),
              window: tumbling(size),
              aggregate: { n: count() },
              allowedLateness: shape.eager === true ? 1000 : 0,
            }),
            idempotentSink({
              id: 'out',
              store: this.table(),
              ...(shape.eager === true && { delivery: 'atLeastOnce' as const }),
              key: (r) => [r.window.start],
              row: (r) => r.value,
            }),
          ),
        ),
    });
  }

  /** What the store holds of the job: rows, state, positions. */
  async held(): Promise<unknown> {
    const checkpoint = await this.store.checkpoints().read(this.id, '0');
    if (checkpoint === undefined) throw new Error('nothing is stored');
    const state = [...checkpoint.state].map(([id, chunks]) => [id, [...chunks].sort()]).sort();
    return { rows: await this.rows(), ...checkpoint, state };
  }

  /** What the store says without looking at state. */
  async known(): Promise<unknown> {
    const last = await this.store.checkpoints().lastCommitted(this.id, '0');
    return { ...last, rows: await this.rows() };
  }

  async rows(): Promise<unknown[]> {
    const rows: unknown[] = [];
    for await (const row of this.table().rows()) rows.push(Object.values(row));
    return rows;
  }

  private table() {
    return this.store.table(this.id, { key: ['start'], columns: { start: 'int8', n: 'int8' } });
  }
}

export const WHOLE = Array.from({ length: 10 }, (_, i) => [i * 20, 4]);

/** Declares the tests of one store; those of stored data where it outlives a process. */
export function refusalTests(kind: string, store: () => Store, spoiler?: () => Spoiler): void {
  describe(`on ${kind}`, () => {
    it.each(refusals)('$wrong is refused in one sentence', async ({ sentence, shape }) => {
      const begun = await Begun.on(store());
      const before = await begun.held();
      const failed = begun.job(shape).run();
      await expect(failed).rejects.toThrow(sentence);
      const { message } = (await failed.catch((thrown: Error) => thrown)) as Error;
      expect(message).not.toContain('\n');
      expect(await begun.held()).toEqual(before);
      expect(await begun.job().run()).toBe('completed');
      expect(await begun.rows()).toEqual(WHOLE);
    });

    it('a second owner is refused while the first is at work, which goes on', async () => {
      const begun = await Begun.on(store());
      const first = begun.job({ ends: false });
      const run = first.run();
      while (first.status().sources[0]?.position !== 40) await new Promise(setImmediate);
      const second = begun.job({ owner: { name: 'another', lease: '2s' } });
      await expect(second.run()).rejects.toThrow(
        `job "${begun.id}": "this one" is at work on it; end that one first, or start this one as a standby`,
      );
      expect(first.status().epoch).toBe(2);
      await first.drain();
      expect(await run).toBe('drained');
      expect(await begun.rows()).toEqual(WHOLE);
    });

    it('input after the end is refused', async () => {
      const begun = await Begun.on(store());
      await begun.job().run();
      const before = await begun.held();
      const longer = begun.job({ rows: [...clicks, { id: 40, at: 200 }] });
      await expect(longer.run()).rejects.toThrow(
        'source "clicks" has input after its end; what is drained is final, start a new job id, or say by `migrate.reopen`',
      );
      expect(await begun.held()).toEqual(before);
    });

    it('rows that are written as they come are refused where a window fires again, without `version`', async () => {
      const begun = await Begun.on(store(), { eager: true });
      const before = await begun.held();
      const late = [...clicks.slice(0, 20), { id: 99, at: 1 }, ...clicks.slice(20)];
      const failed = begun.job({ rows: late }).run();
      await expect(failed).rejects.toThrow(
        "idempotentSink: `version` must be a function, with delivery 'atLeastOnce' and windows that fire more than once; " +
          'got undefined; a replay may fire otherwise, and an older row could stay; or leave out `delivery`',
      );
      expect(await begun.held()).toEqual(before);
      expect(await begun.job().run()).toBe('completed');
      expect(await begun.rows()).toEqual(WHOLE);
    });
  });
  if (spoiler !== undefined) describe(`on ${kind}`, () => storedTests(spoiler));
}

const ALL_DAMAGED = new RegExp(
  [
    '^job .*: its checkpoint 2 is damaged \\(.*\\), and its checkpoint 1 is damaged \\(.*\\); start a new job id$',
    "^fileStore: .* is damaged at byte \\d+, with \\d valid records after it; restore a copy, or open it with `onDamage: 'previous'` " +
      'to go back: job .* begins anew$',
  ].join('|'),
);

function storedTests(spoiler: () => Spoiler): void {
  it('a store of a newer format is refused in one sentence', async () => {
    const begun = await Begun.on(await spoiler().fresh());
    const before = await begun.known();
    begun.store = await spoiler().newer(begun.id);
    await expect(begun.job().run()).rejects.toThrow(
      new RegExp(
        `^job "${begun.id}": its checkpoint has format 2; this version reads up to 1: run the version that wrote it$`,
      ),
    );
    expect(await begun.known()).toEqual(before);
  });

  it('a corrupted newest checkpoint gives way to the one before, and it is said', async () => {
    const begun = await Begun.on(await spoiler().fresh());
    await begun.goOn(7);
    expect(await begun.known()).toMatchObject({ epoch: 2, n: 2 });
    begun.store = await spoiler().damage(begun.id, 'newest');
    const job = begun.job();
    expect(await job.run()).toBe('completed');
    const { fallback } = job.status();
    expect(fallback).toMatch(/damaged.* goes on from checkpoint 1$/);
    expect(fallback).toContain(`job "${begun.id}"`);
    expect(fallback).not.toContain('\n');
    expect(await begun.rows()).toEqual(WHOLE);
  });

  it('a store whose checkpoints are all corrupted is refused in one sentence', async () => {
    const begun = await Begun.on(await spoiler().fresh());
    await begun.goOn(7);
    const before = await begun.known();
    const opened = spoiler().damage(begun.id, 'all');
    const failed = opened.then((store) => {
      begun.store = store;
      return begun.job().run();
    });
    await expect(failed).rejects.toThrow(ALL_DAMAGED);
    const { untouched } = spoiler();
    if (untouched === undefined) expect(await begun.known()).toEqual(before);
    else expect(untouched()).toBe(true);
  });
}
