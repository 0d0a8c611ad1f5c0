/** This process as an owner: its names, and whom it knows to be gone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { processOwner } from 'tidemark/process';

const { gone, name } = processOwner();
const ofPid = (pid: number, from = name) => from.replace(/^process \d+/, `process ${pid}`);
const noProc = !existsSync('/proc/self/stat');

it('names host and process, and never gives one name twice', () => {
  expect(name).toContain(`process ${process.pid} on ${hostname()} [`);
  expect(processOwner().name).not.toBe(name);
});

it('this process lives, and so does another', () => {
  expect(gone(name)).toBe(false);
  const started = name.replace(/ (\d*) (\d+)\]$/, '  $2]');
  expect(gone(ofPid(process.ppid, started))).toBe(false);
});

it('a process that has ended is gone, also before its parent has noticed', async () => {
  const child: ChildProcess = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const its = ofPid(child.pid as number).replace(/ (\d*) (\d+)\]$/, '  $2]');
  expect(gone(its)).toBe(false);
  const ended = new Promise((resolve) => child.on('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  expect(gone(its)).toBe(true);
});

it('a process that got the id of a dead one is another', () => {
  const before = name.replace(/ (\d*) (\d+)\]$/, ' 17 $2]');
  expect(gone(before)).toBe(!noProc);
});

it('of other machines, other containers, and names of another kind it knows nothing', () => {
  const dead = ofPid(2 ** 22 + 1);
  expect(gone(dead)).toBe(true);
  expect(gone(dead.replace(hostname(), 'elsewhere'))).toBe(false);
  expect(gone(dead.replace(/\[\S+/, '[deadbeef.1'))).toBe(false);
  for (const other of ['', 'a', 'process 1', 'owner 7']) expect(gone(other)).toBe(false);
});
