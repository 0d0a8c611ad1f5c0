/** The lock of a data directory: two processes that write one directory destroy it. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError, show } from '../../lib/errors.js';

const PREFIX = 'tidemark.lock.';

/**
 * Takes the lock, and gives the function that frees it.
 *
 * Every process writes a file of its own, named by its id, and only then looks for those of others:
 * so of two that come at once at least one sees the other, and no file is ever replaced. Files of
 * processes that are gone are removed.
 *
 * @throws StoreError naming the process that holds the directory
 */
export function lock(dir: string): () => void {
  const own = join(dir, PREFIX + process.pid);
  if (holder(dir, String(process.pid)) !== undefined) throw inUse(dir, String(process.pid));
  writeFileSync(own, startOf(String(process.pid)) ?? '');
  const free = () => rmSync(own, { force: true });
  const other = lockFiles(dir).find((pid) => pid !== String(process.pid) && holder(dir, pid));
  if (other === undefined) return free;
  free();
  throw inUse(dir, other);
}

/** Whether a living process holds the directory. */
export function isHeld(dir: string): boolean {
  return lockFiles(dir).some((pid) => holder(dir, pid) !== undefined);
}

/** Whether a file of the directory belongs to its lock. */
export function isLockFile(name: string): boolean {
  return name.startsWith(PREFIX);
}

function lockFiles(dir: string): string[] {
  return readdirSync(dir)
    .filter(isLockFile)
    .map((name) => name.slice(PREFIX.length));
}

/* The process of a lock file, if it lives; the file of a dead one goes. */
function holder(dir: string, pid: string): string | undefined {
  const file = join(dir, PREFIX + pid);
  let started: string;
  try {
    started = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const now = isAlive(pid) ? startOf(pid) : null;
  // a process that got the id of a dead one began at another time; an empty file is being written
  const gone = now === null || (now !== undefined && started !== '' && started !== now);
  if (!gone) return pid;
  rmSync(file, { force: true });
  return undefined;
}

function isAlive(pid: string): boolean {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/* When a process began, in ticks since the machine did; undefined without /proc, null when it is dead. */
function startOf(pid: string): string | undefined | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return /[ZX]/.test(fields[0] ?? '') ? null : fields[19];
}

function inUse(dir: string, pid: string): StoreError {
  const who = pid === String(process.pid) ? `this process (${pid})` : `process ${pid}`;
  const detail = `embeddedStore: ${show(dir)} is in use by ${who}`;
  return new StoreError('connection', detail, { holder: who });
}
