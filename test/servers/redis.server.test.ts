/** The private Redis of tests: apart from others, and killed without losing what it acknowledged. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startRedis } from './redis.js';

async function ask(url: string, command: string, ...args: string[]): Promise<unknown> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => {});
  await client.connect();
  const answer = await client.call(command, ...args);
  client.disconnect();
  return answer;
}

test('two at once are apart, append to a file, and keep what they acknowledged through a kill', async () => {
  const gone = spawnSync(process.execPath, ['--version']).pid;
  const left = mkdtempSync(join(tmpdir(), `tidemark-redis-${gone}-`));
  const [one, two] = await Promise.all([
    startRedis({ killable: true }),
    startRedis({ killable: true, fsync: 'always' }),
  ]);
  try {
    expect(await ask(one.url, 'info', 'persistence')).toMatch(/aof_enabled:1/);
    await ask(one.url, 'set', 'kept', '1');
    await ask(two.url, 'set', 'kept', '2');
    await one.kill();
    await expect(ask(one.url, 'ping')).rejects.toThrow();
    await one.start();
    expect(await ask(one.url, 'get', 'kept')).toBe('1');
    expect(await ask(two.url, 'get', 'kept')).toBe('2');
  } finally {
    await Promise.all([one.stop(), two.stop()]);
  }
  await expect(ask(one.url, 'ping')).rejects.toThrow();
  expect(existsSync(left)).toBe(false);
});
