/** State that is not that of its operator: a job says which chunk of which operator it is, and nothing is written. */
import {
  type CheckpointStore,
  count,
  dedupe,
  type Emitter,
  eventTimeWindow,
  idempotentSink,
  intervalJoin,
  JobError,
  job,
  type Logic,
  type MigrateConfig,
  newStats,
  type Store,
  session,
  stageOperator,
  tumbling,
  watermark,
} from 'tidemark';
import { memoryStore } from 'tidemark/memory';
import { arraySource } from 'tidemark/testing';
import { encode } from '../../lib/codec.js';

type State = Map<string, Map<string, Uint8Array>>;

interface Click {
  readonly id: number;
  readonly at: number;
}

const clicks: readonly Click[] = Array.from({ length: 10 }, (_, id) => ({ id, at: id * 5 }));

/** Counts events, and says so in a chunk that it never reads. */
class Counting implements Logic {
  readonly stats = newStats();
  private seen = 0;
  constructor(private readonly out: Emitter<Click>) {}
  event(e: Parameters<Emitter<Click>['emit']>[0]): void {
    this.seen++;
    this.out.emit(e);
  }
  advance(): void {}
  waiting = () => 0;
  save = () =>
    new Map<string, unknown>([
      ['seen', this.seen],
      ['note', `${this.seen} seen`],
    ]);
  restore(chunks: ReadonlyMap<string, unknown>): void {
    this.seen = (chunks.get('seen') as number) + ((chunks.get('optional') as number) ?? 0);
  }
}

interface Shape {
  readonly sessions?: boolean;
  readonly within?: number;
  readonly migrate?: MigrateConfig;
  readonly altered?: (state: State) => void;
  readonly stopAt?: number;
}

function run(store: Store, { sessions, within = 1000, migrate, altered, stopAt }: Shape) {
  let seen = 0;
  let commits = 0;
  const checkpoints = store.checkpoints();
  const own: CheckpointStore = {
    name: checkpoints.name,
    transaction: checkpoints.transaction,
    read: (...of) => checkpoints.read(...of),
    lastCommitted: (...of) => checkpoints.lastCommitted(...of),
    commit(commit) {
      commits++;
      return checkpoints.commit(commit);
    },
    async acquire(...of) {
      const owned = await checkpoints.acquire(...of);
      if (owned.checkpoint === undefined) return owned;
      const state: State = new Map([...owned.checkpoint.state].map(([id, c]) => [id, new Map(c)]));
      altered?.(state);
      return { ...owned, checkpoint: { ...owned.checkpoint, state } };
    },
  };
  const time = (id: string) => watermark<Click>({ id, timestamp: (c) => c.at });
  const made = job({
    ...{ id: 'j', checkpoints: own, every: '1h', restart: { attempts: 1 } },
    ...(migrate && { migrate }),
    topology(t) {
      const source = arraySource('clicks', clicks);
      const left = t
        .source<Click>({
          ...source,
          open: (position, out) =>
            source.open(position, {
              ...out,
              event(click, split) {
                out.event(click, split);
                if (++seen === stopAt) made.stop();
              },
            }),
        })
        .pipe(time('time'), dedupe({ id: 'once', key: (c) => c.id, within }), (input) =>
          stageOperator<Click>(
            [input as never],
            { operator: 'counting', id: 'own' },
            (out) => new Counting(out),
          ),
        );
      const right = t.source(arraySource('others', clicks)).pipe(time('other'));
      const key = (c: Click) => c.id;
      t.sink(
        (left as typeof right).pipe(
          intervalJoin(right, { id: 'join', leftKey: key, rightKey: key, lower: 0, upper: 10 }),
          eventTimeWindow({
            id: 'win',
            window: sessions === true ? session(7) : tumbling(20),
            aggregate: { n: count() },
          }),
          idempotentSink({
            id: 'out',
            store: store.table('out', { key: ['start'] }),
            key: (r) => [r.window.start],
            row: (r) => r.value,
          }),
        ),
      );
    },
  });
  return { outcome: made.run(), commits: () => commits };
}

/* A job that was stopped half-way, and the chunks of its operators that are no pages. */
async function begun(shape: Shape): Promise<{ store: Store; chunks: [string, string][] }> {
  const store = memoryStore();
  expect(await run(store, { ...shape, stopAt: 7 }).outcome).toBe('stopped');
  const { state } = (await store.checkpoints().read('j', '0')) ?? { state: new Map() };
  const chunks = [...state].flatMap(([id, own]) =>
    [...own.keys()].map((chunk): [string, string] => [id, chunk]),
  );
  return { store, chunks: chunks.filter(([, chunk]) => !/ \d+$/.test(chunk)) };
}

async function refused(store: Store, shape: Shape): Promise<string> {
  const { outcome, commits } = run(store, shape);
  const failed = await outcome.then(
    () => new Error('it was not refused'),
    (thrown: Error) => thrown,
  );
  expect(failed).toBeInstanceOf(JobError);
  expect(commits()).toBe(0);
  return failed.message;
}

const named = new Map([
  ...[
    ['time', 'watermark'],
    ['other', 'watermark'],
    ['once', 'dedupe'],
  ],
  ...[
    ['own', 'counting'],
    ['join', 'intervalJoin'],
    ['win', 'eventTimeWindow'],
    ['out', 'idempotentSink'],
  ],
] as [string, string][]);

it.each([
  ['tumbling windows', false],
  ['sessions', true],
])('a chunk that is missing is named, with its operator: %s', async (_, sessions) => {
  const { store, chunks } = await begun({ sessions });
  expect(new Set(chunks.map(([id]) => id))).toEqual(new Set(named.keys()));
  for (const [id, chunk] of chunks) {
    // what an operator does not read, or takes nothing for, is its own affair
    if (id === 'own' && chunk !== 'shell') continue;
    const altered = (state: State) => void state.get(id)?.delete(chunk);
    expect(await refused(store, { sessions, altered })).toBe(
      `job "j": ${named.get(id)} "${id}": its chunk "${chunk}" is missing in the checkpoint; start a new job id`,
    );
  }
  expect(await run(store, { sessions }).outcome).toBe('completed');
});

it('an operator whose chunks are all gone is no new one', async () => {
  const { store } = await begun({});
  const altered = (state: State) => void state.set('win', new Map());
  expect(await refused(store, { altered })).toContain(
    'eventTimeWindow "win": its chunk "shell" is missing',
  );
});

it('a chunk that its operator does not know is named', async () => {
  const { store } = await begun({});
  for (const [id, operator] of named) {
    const altered = (state: State) => void state.get(id)?.set('extra', encode(1));
    expect(await refused(store, { altered })).toBe(
      `job "j": ${operator} "${id}": the checkpoint has a chunk "extra" of it, which it does not know; start a new job id`,
    );
  }
  expect(await run(store, {}).outcome).toBe('completed');
});

it('a chunk of another form is no bare TypeError', async () => {
  const { store } = await begun({});
  const altered = (state: State) => void state.get('win')?.set('shell', encode(null));
  const said = await refused(store, { altered });
  expect(said).toMatch(/^job "j": eventTimeWindow "win": what the checkpoint has of it cannot be /);
  expect(said).not.toContain('\n');
});

it('a chunk that cannot be read is named', async () => {
  const { store } = await begun({});
  const altered = (state: State) =>
    void state.get('once')?.set('dedupe', encode(12345).fill(57, -2));
  expect(await refused(store, { altered })).toMatch(
    /^job "j": dedupe "once": its chunk "dedupe" in the checkpoint cannot be read \(codec: /,
  );
});

it('what a migration leaves out is named too, unless it leaves out all', async () => {
  const { store } = await begun({});
  const once = (chunks: ReadonlyMap<string, unknown>) =>
    new Map([...chunks].filter(([name]) => name === 'shell'));
  expect(await refused(store, { within: 5, migrate: { operators: { once } } })).toContain(
    'dedupe "once": its chunk "dedupe" is missing in the checkpoint',
  );
  const operators = { once: () => new Map() };
  expect(await run(store, { within: 5, migrate: { operators } }).outcome).toBe('completed');
});
