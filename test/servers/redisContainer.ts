/** A Redis in a container, where an engine answers and there is no binary. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { freePort } from './provision.js';
import type { RedisServer } from './redis.js';

const IMAGE = 'redis:7.0';
const START_MS = 60_000;

/** Starts one; it is removed by `stop`. */
export async function startContainer(
  engine: string,
  settings: Readonly<Record<string, string>>,
): Promise<RedisServer> {
  const password = randomBytes(12).toString('hex');
  const port = await freePort();
  const name = `tidemark-redis-${process.pid}-${port}`;
  const url = `redis://:${password}@127.0.0.1:${port}/0`;
  const run = (...args: readonly string[]) => {
    const done = spawnSync(engine, args, { encoding: 'utf8', timeout: 300_000 });
    if (done.status !== 0) throw new Error(`${engine} ${args[0]} failed: ${done.stderr.trim()}`);
  };
  const config = Object.entries({ requirepass: password, ...settings });
  const flags = config.flatMap(([option, value]) => [`--${option}`, value]);
  run('run', '-d', '--name', name, '-p', `127.0.0.1:${port}:6379`, IMAGE, 'redis-server', ...flags);
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
  const { Redis } = await import('ioredis');
  for (const until = Date.now() + START_MS; ; ) {
    const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.ping();
      return client.disconnect();
    } catch (thrown) {
      client.disconnect();
      if (Date.now() > until) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
