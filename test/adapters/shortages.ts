/** A job on a server that runs out of something: it fails in one sentence or waits, and nothing is lost. */
import { idempotentSink, job, type Store, watermark } from 'tidemark';
import { arraySource } from 'tidemark/testing';

const INPUT = Array.from({ length: 60 }, (_, k) => ({ k }));
let serial = 0;

/** A server, and how it comes to lack something and to have it again. */
export interface Short {
  readonly store: Store;
  readonly lack: () => Promise<unknown>;
  readonly have: () => Promise<unknown>;
  /** The one sentence. */
  readonly said: RegExp;
}

/** Rows 0 to 59; half-way, and before the checkpoint of that, `half` is called. */
function jobOver({ store }: Short, id: string, half?: () => Promise<unknown>) {
  const source = arraySource('rows', INPUT);
  let seen = 0;
  const made = job({
    ...{ id, checkpoints: store.checkpoints(), every: '1h', everyEvents: 10 },
    ...{ owner: { lease: 'none' as const }, restart: { attempts: 1 } },
    ...(half !== undefined && { restart: { delay: 50, maxDelay: 50 } }),
    topology: (t) =>
      t.sink(
        t
          .source<{ readonly k: number }>({
            ...source,
            open: (position, out) =>
              source.open(position, {
                ...out,
                event(row, split) {
                  out.event(row, split);
                  if (++seen === 30) half?.();
                },
              }),
          })
          .pipe(
            watermark({ id: 'time', timestamp: ({ k }) => k }),
            idempotentSink({ id: 'out', store: tableOf(store, id), key: ({ k }) => [k] }),
          ),
      ),
  });
  return made;
}

const tableOf = (store: Store, id: string) =>
  store.table(id, { key: ['k'], columns: { k: 'int8' } });

async function rowsOf(store: Store, id: string): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const row of tableOf(store, id).rows()) rows.push(row);
  return rows;
}

/** Declares the tests of one shortage. */
export function shortageTests(what: string, server: () => Short): void {
  it(`${what}: a job fails in one sentence, and goes on where it was`, async () => {
    const short = server();
    const id = `short_${process.pid}_${++serial}`;
    await tableOf(short.store, id).open();
    await short.lack();
    const failed = jobOver(short, id).run();
    await expect(failed).rejects.toMatchObject({ name: 'StoreError', kind: 'connection' });
    await expect(failed).rejects.toThrow(short.said);
    await short.have();
    expect(await rowsOf(short.store, id)).toEqual([]);
    expect(await jobOver(short, id).run()).toBe('completed');
    expect(await rowsOf(short.store, id)).toEqual(INPUT);
  });

  it(`${what}: a job at work goes on by itself when it is over, and nothing is lost`, async () => {
    const short = server();
    const id = `short_${process.pid}_${++serial}`;
    let lacking: Promise<unknown> | undefined;
    const made = jobOver(short, id, () => (lacking ??= short.lack()));
    const run = made.run();
    while (lacking === undefined) await new Promise(setImmediate);
    await lacking;
    await new Promise((resolve) => setTimeout(resolve, 150));
    await short.have();
    expect(await run).toBe('completed');
    expect(await rowsOf(short.store, id)).toEqual(INPUT);
  });
}
