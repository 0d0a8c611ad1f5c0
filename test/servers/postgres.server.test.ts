/** The private PostgreSQL of tests: apart from others, and killed without losing what it acknowledged. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startPostgres } from './postgres.js';
import { findProgram } from './provision.js';

async function ask(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query({ text: statement, rowMode: 'array' });
  await client.end();
  return rows.flat();
}

test('two at once are apart, sync to the disk, and keep what they acknowledged through a kill', async () => {
  const gone = spawnSync(process.execPath, ['--version']).pid;
  const left = mkdtempSync(join(tmpdir(), `tidemark-postgres-${gone}-`));
  const [one, two] = await Promise.all([
    startPostgres({ killable: true }),
    startPostgres({ killable: true }),
  ]);
  try {
    expect(await ask(one.url, 'show fsync')).toEqual(['on']);
    await ask(one.url, 'create table kept as select 1 as a');
    await ask(two.url, 'create table kept as select 2 as a');
    await one.kill();
    await expect(ask(one.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
    await one.start();
    expect(await ask(one.url, 'select a from kept')).toEqual([1]);
    expect(await ask(two.url, 'select a from kept')).toEqual([2]);
  } finally {
    await Promise.all([one.stop(), two.stop()]);
  }
  await expect(ask(one.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
  expect(existsSync(left)).toBe(false);
});

test('a program is found in directories of any version, the newest first', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-test-'));
  for (const version of ['9', '15', '10']) {
    mkdirSync(join(dir, `v${version}`, 'bin'), { recursive: true });
    writeFileSync(join(dir, `v${version}`, 'bin', 'a-server'), '');
    if (version !== '15') chmodSync(join(dir, `v${version}`, 'bin', 'a-server'), 0o755);
  }
  expect(findProgram('a-server', [`${dir}/v*/bin`])).toBe(join(dir, 'v10', 'bin', 'a-server'));
  expect(findProgram('no-such-program', [`${dir}/v*/bin`])).toBeUndefined();
  rmSync(dir, { recursive: true });
});
