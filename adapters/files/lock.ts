/** The lock of a directory: each process writes a file of its own, and then looks for those of others. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError, show } from '../../lib/errors.js';
import { OWN } from '../../lib/log/logFiles.js';

const PREFIX = `${OWN}lock.`;
/** Directories that this process holds: its file alone would not tell. */
const held = new Set<string>();

/**
 * Holds a directory; gives what frees it. Of two processes that come at once at least one sees the
 * other. Files of processes that are gone are removed. It keeps owners apart in the common case;
 * what makes it sure is the epoch inside every record.
 *
 * @throws StoreError naming the process that holds the directory
 */
export async function lockDirectory(dir: string): Promise<() => Promise<void>> {
  const own = join(dir, PREFIX + process.pid);
  if (held.has(own)) throw inUse(dir, `this process (${process.pid})`);
  held.add(own);
  const free = async () => {
    await rm(own, { force: true });
    held.delete(own);
  };
  try {
    await writeFile(own, await startOf(process.pid));
    for (const name of await readdir(dir)) {
      const pid = Number(name.startsWith(PREFIX) ? name.slice(PREFIX.length) : process.pid);
      if (pid === process.pid) continue;
      if (await isAlive(pid, join(dir, name))) throw inUse(dir, `process ${pid}`);
      await rm(join(dir, name), { force: true });
    }
    return free;
  } catch (thrown) {
    await free();
    throw thrown;
  }
}

/* A process that got the id of a dead one began at another time; an empty file is being written. */
async function isAlive(pid: number, file: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const [then, now] = await Promise.all([readFile(file, 'utf8').catch(() => 'gone'), startOf(pid)]);
  return then !== 'gone' && now !== 'dead' && (then === '' || now === '' || then === now);
}

/* When a process began, in ticks since the machine did; empty where there is no /proc. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return /^[ZX]/.test(fields[0] ?? '') ? 'dead' : (fields[19] ?? '');
}

function inUse(dir: string, who: string) {
  const detail = `fileStore: ${show(dir)} is in use by ${who}`;
  return new StoreError('connection', detail, { holder: who });
}
