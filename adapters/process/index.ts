/** The door `tidemark/process`: this process as the owner of a job, so that the lease of one that died holds nobody up. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** What `job` takes as its `owner`, beside a lease and `standby`. */
export interface ProcessOwner {
  /** Unique among all that live: host, process, when that began, and a number of its own. */
  readonly name: string;
  /** Whether `name` is of a process of this machine that lives no more. */
  readonly gone: (name: string) => boolean;
}

const FORM = /^process (\d+) on (.*) \[([^[\]]*) (\d*) \d+\]$/s;
let serial = 0;

/**
 * Names this process as an owner, and knows of other owners on this machine whether they live.
 *
 * Without it, a job that is started again after a crash waits until the lease of its predecessor has
 * run out; with it, only where that ran on another machine, in another container, or before this
 * machine was started. Each call gives an owner of its own.
 *
 * @example
 * ```ts
 * const metrics = job({ id: 'metrics', owner: { ...processOwner(), standby: true }, checkpoints, every: '5s', topology });
 * ```
 */
export function processOwner(): ProcessOwner {
  const name = `process ${process.pid} on ${hostname()} [${place()} ${began(process.pid) ?? ''} ${++serial}]`;
  return { name, gone: isGone };
}

function isGone(name: string): boolean {
  const [, pid, host, where, start] = FORM.exec(name) ?? [];
  if (pid === undefined || host !== hostname() || where !== place()) return false;
  const now = isAlive(Number(pid)) ? began(Number(pid)) : 'dead';
  // a process that got the id of a dead one began at another time
  return now === 'dead' || (now !== undefined && start !== '' && now !== start);
}

/* Ids of processes mean nothing on another machine, after its next start, or in another container of one host name. */
function place(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
    return `${boot}.${readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')}`;
  } catch {
    return 'here';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/* When a process began, in ticks since the machine did; undefined without /proc. */
function began(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return /^[ZX]/.test(fields[0] ?? '') ? 'dead' : fields[19];
  } catch {
    return undefined;
  }
}
