/** A checkpoint lies between two events, whatever happens in the middle of one: a source that gives another, a stop, a drain. */
import { tap } from 'rxjs';
import { idempotentSink, type Job, job, type Source, values, watermark } from 'tidemark';
import { memoryStore, type Store } from 'tidemark/memory';

interface Row {
  readonly at: number;
}
const COUNT = 12;
const rows: readonly Row[] = Array.from({ length: COUNT }, (_, at) => ({ at }));

/** Gives its rows in the very call of `resume`, all of them, or one a turn. */
function eager(name: string, slow: boolean): Source<Row> {
  return {
    name,
    open(position, out) {
      let at = (position as number | undefined) ?? 0;
      let [paused, busy, over] = [true, false, false];
      const loop = async () => {
        if (busy) return;
        busy = true;
        while (!paused && !over) {
          if (at === COUNT) {
            over = true;
            out.finished();
          } else out.event(rows[at++] as Row);
          if (slow) await undefined;
        }
        busy = false;
      };
      return {
        position: () => at,
        pause: () => void (paused = true),
        resume() {
          paused = false;
          loop();
        },
        close: async () => void (over = true),
      };
    },
  };
}

interface Made {
  readonly store: Store;
  readonly everyEvents: number;
  /** Called with each event of the first source, in front of one of its sinks. */
  readonly between: (row: Row) => void;
  readonly at?: 'a' | 'b';
}

/* One source goes to two sinks, of which the second has an event after the first; another one runs beside it. */
function make({ store, everyEvents, between, at = 'b' }: Made): Job {
  const sink = (id: string) =>
    idempotentSink<Row>({ id, store: store.table(id, { key: ['at'] }), key: (r) => r.at });
  const time = (id: string, outOfOrderness = 0) =>
    watermark<Row>({ id: `time ${id}`, timestamp: (r) => r.at, outOfOrderness });
  const seen = (id: string) => values<Row, Row>(tap((row) => id === at && between(row)));
  const [first, second] = [eager('first', true), eager('second', false)];
  return job({
    ...{ id: 'j', checkpoints: store.checkpoints(), every: '1h', everyEvents, maxDrift: 3 },
    restart: { delay: 1 },
    topology(t) {
      t.sink(t.source(first).pipe(time('a', 3), seen('a'), sink('a')));
      t.sink(t.source(first).pipe(time('b'), seen('b'), sink('b')));
      t.sink(t.source(second).pipe(time('c'), sink('c')));
    },
  });
}

async function expectAll(store: Store, what: unknown): Promise<void> {
  for (const id of ['a', 'b', 'c']) {
    const all: unknown[] = [];
    for await (const { at } of store.table(id, { key: ['at'] }).rows()) all.push(at);
    expect([what, id, all]).toEqual([what, id, rows.map(({ at }) => at)]);
  }
}

it('a source that gives events as it is let go on does so between the events of others', async () => {
  for (const everyEvents of [2, 3, 4]) {
    for (let failsAt = 0; failsAt < COUNT; failsAt++) {
      const store = memoryStore();
      let failed = false;
      const between = ({ at }: Row) => {
        if (at !== failsAt || failed) return;
        failed = true;
        throw new Error('once');
      };
      const made = make({ store, everyEvents, between });
      expect(await made.run()).toBe('completed');
      expect(made.status().restarts).toBe(1);
      await expectAll(store, { everyEvents, failsAt });
    }
  }
});

describe.each(['a', 'b'] as const)('in the middle of an event, at %s', (at) => {
  it('stopped, it has the event whole', async () => {
    for (let stopsAt = 0; stopsAt < COUNT; stopsAt++) {
      const store = memoryStore();
      let outcome: Promise<unknown> = Promise.resolve();
      const stop = (row: Row) => {
        if (row.at === stopsAt) outcome = made.stop();
      };
      const made = make({ store, everyEvents: 100, at, between: stop });
      expect(await made.run()).toBe('stopped');
      expect(await outcome).toBe('stopped');
      const again = make({ store, everyEvents: 100, between: () => {} });
      expect(await again.run()).toBe('completed');
      await expectAll(store, { stopsAt });
    }
  });

  it('drained, it has the event whole, and no other', async () => {
    for (let endsAt = 0; endsAt < COUNT; endsAt++) {
      const store = memoryStore();
      const drain = (row: Row) => {
        if (row.at === endsAt) made.drain();
      };
      const made = make({ store, everyEvents: 100, at, between: drain });
      expect(await made.run()).toBe('drained');
      const tables = ['a', 'b'].map((id) => store.table(id, { key: ['at'] }));
      const counts = await Promise.all(tables.map((table) => table.count()));
      expect(counts).toEqual([endsAt + 1, endsAt + 1]);
    }
  });
});
