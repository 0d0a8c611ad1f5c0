/** What every private test server needs: its binary or how to get it, a directory, a port, another user than root. */
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** The path of a program: on the path of this process, else in one of these directories (`*` in one part). */
export function findProgram(name: string, dirs: readonly string[] = []): string | undefined {
  const path = (process.env['PATH'] ?? '').split(delimiter);
  return [...path, ...dirs.flatMap(expand)].map((dir) => join(dir, name)).find(isProgram);
}

/* Names in descending order, so that the newest version comes first. */
function expand(pattern: string): string[] {
  const [before, after] = pattern.split('*');
  if (before === undefined || after === undefined) return [pattern];
  const [parent, start] = before.endsWith('/')
    ? [before, '']
    : [dirname(before), before.slice(dirname(before).length + 1)];
  const names = namesIn(parent).filter((name) => name.startsWith(start));
  const newest = (a: string, b: string) => b.localeCompare(a, 'en', { numeric: true });
  return names.sort(newest).map((name) => join(parent, name) + after);
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The container engine that answers, if one does. */
export function containerEngine(): string | undefined {
  return ['docker', 'podman'].find((engine) => {
    const { status } = spawnSync(engine, ['version'], { stdio: 'ignore', timeout: 10_000 });
    return status === 0;
  });
}

/** What a package manager calls a package. */
export interface PackageNames {
  readonly apt: string;
  readonly apk: string;
  readonly dnf: string;
}

/** Installs a package where this process is root and there is a package manager; says why not, or undefined. */
export function install(packages: PackageNames): string | undefined {
  if (process.getuid?.() !== 0) return 'this process is not root, so it installs nothing';
  if (findProgram('apt-get') !== undefined) {
    // Debian would create a cluster and start it
    mkdirSync('/etc/postgresql-common', { recursive: true });
    writeFileSync('/etc/postgresql-common/createcluster.conf', 'create_main_cluster = false\n');
    const steps = [['update'], ['install', '-y', '--no-install-recommends', packages.apt]];
    return withoutServices(() => run('apt-get', ...steps));
  }
  if (findProgram('apk') !== undefined) return run('apk', ['add', '--no-cache', packages.apk]);
  if (findProgram('dnf') !== undefined) return run('dnf', ['install', '-y', packages.dnf]);
  return 'there is no package manager that is known here (apt-get, apk, dnf)';
}

/* Debian starts the service of a package that it installs, unless this program says no. */
function withoutServices<T>(work: () => T): T {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return work();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return work();
  } finally {
    rmSync(policy, { force: true });
  }
}

function run(manager: string, ...steps: readonly (readonly string[])[]): string | undefined {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  for (const args of steps) {
    const done = spawnSync(manager, args, { env, encoding: 'utf8', timeout: 300_000 });
    if (done.status === 0) continue;
    return `${manager} ${args.join(' ')} failed: ${(done.stderr ?? '').trim().slice(-300)}`;
  }
  return undefined;
}

/** A user and group to run as; none where this process may run the server itself. */
export interface RunAs {
  readonly uid?: number;
  readonly gid?: number;
}

/** Whom a server runs as that refuses to be root: the first of these users that there is. */
export function unprivileged(users: readonly string[]): RunAs {
  if (process.getuid?.() !== 0) return {};
  const known = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const user of users) {
    const [, , uid, gid] = known.find((line) => line.startsWith(`${user}:`))?.split(':') ?? [];
    if (uid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(`a server must not run as root, and there is none of the users ${users}`);
}

/** A new directory below the temporary one; its name has the process that made it. */
export function privateDirectory(what: string, { uid, gid }: RunAs = {}): string {
  const dir = mkdtempSync(join(tmpdir(), `tidemark-${what}-${process.pid}-`));
  if (uid !== undefined && gid !== undefined) chownSync(dir, uid, gid);
  return dir;
}

/** Directories of servers whose process is gone without having stopped them. */
export function abandoned(what: string): string[] {
  const named = new RegExp(`^tidemark-${what}-(\\d+)-`);
  return namesIn(tmpdir()).flatMap((name) => {
    const pid = named.exec(name)?.[1];
    return pid === undefined || isAlive(Number(pid)) ? [] : [join(tmpdir(), name)];
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A port of 127.0.0.1 that nobody listened on just now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
