/** What is measured: kinds of state, and stores that keep it. */
import { join } from 'node:path';
import {
  count,
  dedupe,
  type EventStream,
  eventTimeWindow,
  idempotentSink,
  type Job,
  job,
  type Store,
  session,
  tumbling,
  watermark,
} from 'tidemark';
import { embeddedStore } from 'tidemark/embedded';
import { fileStore } from 'tidemark/files';
import { memoryStore } from 'tidemark/memory';
import { postgresStore } from 'tidemark/postgres';
import { type PostgresServer, startPostgres } from '../servers/postgres.js';
import type { Batches, Keyed } from './source.js';

const NEVER = '1000d';
const HUGE = 1e9;

const key = (e: Keyed) => e.key;
const aggregate = { n: count() };

/** State of as many keys as there are, and `rows`: none, but a row in the commit for each event. */
export const states: Readonly<Record<string, (in$: EventStream<Keyed>) => EventStream<any>>> = {
  windows: (in$) =>
    in$.pipe(eventTimeWindow({ id: 'state', key, window: tumbling('1000d'), aggregate })),
  sessions: (in$) =>
    in$.pipe(eventTimeWindow({ id: 'state', key, window: session('1000d'), aggregate })),
  // one window after it, so that no rows wait for the checkpoint
  dedupe: (in$) =>
    in$.pipe(
      dedupe({ id: 'state', key, within: '1000d', maxKeys: HUGE }),
      eventTimeWindow({ id: 'all', key: () => 'all', window: tumbling('1000d'), aggregate }),
    ),
  rows: (in$) => in$,
};

/** A store, and what else is to be ended with it. */
export interface Opened {
  readonly store: Store;
  close(): Promise<void>;
}

const only = (store: Store): Opened => ({ store, close: () => store.close() });

export const stores: Readonly<Record<string, (dir: string) => Promise<Opened>>> = {
  memory: async () => only(memoryStore()),
  file: async (dir) => only(await fileStore({ dir: join(dir, 'store') })),
  pglite: async (dir) => only(await embeddedStore({ dir: join(dir, 'store') })),
  postgres: async () => onServer(await startPostgres()),
};

async function onServer(server: PostgresServer): Promise<Opened> {
  const store = await postgresStore({ url: server.url });
  const close = async () => {
    await store.close();
    await server.stop();
  };
  return { store, close };
}

/** The job that has this state, over this source. */
export function jobOf(state: string, store: Store, source: Batches): Job {
  const table = store.table('results', {
    key: ['start', 'key'],
    columns: { start: 'int8', key: 'text', value: 'int8' },
  });
  return job({
    id: 'blocked',
    checkpoints: store.checkpoints(),
    every: '12s',
    everyEvents: source.first,
    topology: (t) => {
      const in$ = t
        .source(source)
        .pipe(watermark({ id: 'time', timestamp: (e: Keyed) => e.at, outOfOrderness: NEVER }));
      const out$ = (states[state] as (typeof states)[string])(in$);
      const sink = idempotentSink({
        id: 'sink',
        store: table,
        key: (r: any) => [r.window?.start ?? 0, String(r.key)],
        row: (r: any) => ({ value: r.value?.n ?? r.at ?? 0 }),
        version: (r: any) => r.at ?? 0,
      });
      t.sink(out$.pipe(sink));
    },
  });
}
