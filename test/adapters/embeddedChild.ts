/** A process that commits until it is killed: `n` and n rows go into each checkpoint. */
import { embeddedStore } from '../../adapters/embedded/index.js';
import { encode } from '../../lib/codec.js';

async function run(dir: string): Promise<void> {
  const store = await embeddedStore({ dir });
  const table = store.table('t', { key: ['k'], columns: { k: 'int8', n: 'int8' } });
  await table.open();
  const checkpoints = store.checkpoints();
  const { epoch, checkpoint } = await checkpoints.acquire('job', '0', 'f');
  process.send?.({ epoch, n: checkpoint?.n ?? 0, count: await table.count() });
  for (let n = (checkpoint?.n ?? 0) + 1; ; n++) {
    const rows = Array.from({ length: 10 }, (_, i) => ({
      op: 'upsert' as const,
      key: [n * 10 + i],
      row: { n },
      revision: [n],
      timestamp: n,
    }));
    await checkpoints.commit({
      job: 'job',
      task: '0',
      epoch,
      n,
      prev: n - 1,
      positions: new Map([['s', n]]),
      operators: ['op'],
      changed: [{ operator: 'op', chunk: 'a', bytes: encode({ n, pad: 'x'.repeat(20_000) }) }],
      dropped: [],
      pieces: 1,
      rows: [{ store: table, rows }],
      drained: false,
      fingerprint: 'f',
    });
    process.send?.({ done: n });
  }
}

void run(process.argv[2] as string);
