/** A PostgreSQL in a container, where an engine answers and there is no binary. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { PostgresServer } from './postgres.js';
import { freePort } from './provision.js';

const IMAGE = 'postgres:16';
const START_MS = 60_000;

/** Starts one; it is removed by `stop`. */
export async function startContainer(engine: string): Promise<PostgresServer> {
  const password = randomBytes(12).toString('hex');
  const port = await freePort();
  const name = `tidemark-postgres-${process.pid}-${port}`;
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const run = (...args: readonly string[]) => {
    const done = spawnSync(engine, args, { encoding: 'utf8', timeout: 300_000 });
    if (done.status !== 0) throw new Error(`${engine} ${args[0]} failed: ${done.stderr.trim()}`);
  };
  const published = ['-p', `127.0.0.1:${port}:5432`, '-e', `POSTGRES_PASSWORD=${password}`];
  run('run', '-d', '--name', name, ...published, IMAGE);
  const stop = async () => run('rm', '-f', '-v', name);
  await answers(url).catch(async (thrown: unknown) => {
    await stop();
    throw thrown;
  });
  return {
    url,
    kill: async () => run('kill', '-s', 'KILL', name),
    start: async () => {
      run('start', name);
      await answers(url);
    },
    stop,
  };
}

async function answers(url: string): Promise<void> {
  const { Client } = await import('pg');
  for (const until = Date.now() + START_MS; ; ) {
    const client = new Client({ connectionString: url });
    try {
      await client.connect();
      return await client.end();
    } catch (thrown) {
      if (Date.now() > until) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
