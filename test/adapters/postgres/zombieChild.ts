/** A process that stops itself in the middle of a transaction, and says what its commit came to when it is woken. */
import { postgresStore } from '../../../adapters/postgres/index.js';
import { commitOf, layout, row } from './commits.js';

async function run(url: string, job: string): Promise<void> {
  let held = false;
  // the time of a write is asked for inside the transaction that writes
  const now = (): number => {
    if (held) return 1;
    held = true;
    process.send?.({ epoch });
    process.kill(process.pid, 'SIGSTOP');
    return 0;
  };
  let epoch = 0;
  const timeouts = { idle: '1s', lock: '5s' } as const;
  const store = await postgresStore({ url, clock: { now }, timeouts });
  const table = store.table('zombie', { ...layout, audit: 'at' });
  await table.open();
  ({ epoch } = await store.checkpoints().acquire(job, '0', 'f'));
  const rows = [{ store: table, rows: [row('a', 1)] }];
  const answer = await store.checkpoints().commit(commitOf({ job, epoch }, 1, rows));
  process.send?.(answer);
  await store.close();
}

void run(process.argv[2] as string, process.argv[3] as string);
