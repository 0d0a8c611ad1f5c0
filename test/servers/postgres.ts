/** A real PostgreSQL for one test file or command: its own directory, port and password, and killed on demand. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startContainer } from './postgresContainer.js';
import {
  abandoned,
  containerEngine,
  findProgram,
  freePort,
  install,
  privateDirectory,
  type RunAs,
  unprivileged,
} from './provision.js';

export interface PostgresServer {
  /** Names a database that nobody else uses, with user and password. */
  readonly url: string;
  /** SIGKILL: what was acknowledged is on the disk, and nothing else is promised. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port. */
  start(): Promise<void>;
  /** Stops it and removes what it left. */
  stop(): Promise<void>;
}

const PLACES = [
  ...['/usr/lib/postgresql/*/bin', '/usr/libexec/postgresql*', '/usr/pgsql-*/bin'],
  ...['/opt/homebrew/opt/postgresql*/bin', '/usr/local/opt/postgresql*/bin'],
];
const PACKAGES = { apt: 'postgresql', apk: 'postgresql', dnf: 'postgresql-server' };
const START_MS = 30_000;
const ADVICE =
  'install PostgreSQL, or set DATABASE_URL to a server whose user may create databases';

/** Sees to it that a server can be started, installing one if need be. @throws Error that says what to do */
export async function ensurePostgres(): Promise<string> {
  if (process.env['DATABASE_URL'] !== undefined) return 'the server of DATABASE_URL';
  const found = programs();
  if (found !== undefined) return found;
  const engine = containerEngine();
  if (engine !== undefined) return `a container of ${engine}`;
  const problem = install(PACKAGES);
  const installed = programs();
  if (installed !== undefined) return `${installed}, now installed`;
  throw new Error(`there is no PostgreSQL here and ${problem ?? 'none came'}; ${ADVICE}`);
}

/**
 * Starts a server of one's own. With `killable`, DATABASE_URL is passed over: its server is others' too.
 * @throws Error that says what to do
 */
export async function startPostgres(o: { killable?: boolean } = {}): Promise<PostgresServer> {
  const given = process.env['DATABASE_URL'];
  if (given !== undefined && !o.killable) return borrowed(given);
  const bin = programs();
  if (bin !== undefined) return OwnServer.create(bin);
  const engine = containerEngine();
  if (engine !== undefined) return startContainer(engine);
  throw new Error(`there is no PostgreSQL here that may be killed; ${ADVICE}`);
}

/* Where `initdb` and `postgres` are. */
function programs(): string | undefined {
  const initdb = findProgram('initdb', PLACES);
  return initdb === undefined ? undefined : dirname(initdb);
}

/* A database of its own on a server of others; it is not killed. */
async function borrowed(given: string): Promise<PostgresServer> {
  const { Client } = await import('pg');
  const name = `tidemark_${process.pid}_${randomBytes(4).toString('hex')}`;
  const run = async (statement: string): Promise<void> => {
    const client = new Client({ connectionString: given });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await run(`create database ${name}`);
  const url = new URL(given);
  url.pathname = `/${name}`;
  const refuse = () => Promise.reject(new Error('the server of DATABASE_URL is not killed'));
  const stop = () => run(`drop database if exists ${name} with (force)`);
  return { url: url.href, kill: refuse, start: refuse, stop };
}

class OwnServer implements PostgresServer {
  private child: ChildProcess | undefined;
  private readonly atExit = () => this.child?.kill('SIGKILL');

  private constructor(
    private readonly bin: string,
    private readonly dir: string,
    private readonly as: RunAs,
    private port: number,
    private readonly password: string,
  ) {
    process.once('exit', this.atExit);
  }

  static async create(bin: string): Promise<OwnServer> {
    sweep(bin);
    const as = unprivileged(['postgres', 'nobody']);
    const dir = privateDirectory('postgres', as);
    const password = randomBytes(12).toString('hex');
    const server = new OwnServer(bin, dir, as, await freePort(), password);
    server.initialise();
    for (let tries = 3; ; tries--) {
      try {
        await server.start();
        return server;
      } catch (thrown) {
        // between asking and listening, another may have taken the port
        if (tries === 1 || !/could not bind|already in use/.test(String(thrown))) {
          await server.stop();
          throw thrown;
        }
        server.port = await freePort();
      }
    }
  }

  get url(): string {
    return `postgres://postgres:${this.password}@127.0.0.1:${this.port}/postgres`;
  }

  private initialise(): void {
    const secret = join(this.dir, 'password');
    writeFileSync(secret, this.password, { mode: 0o644 });
    const args = ['-D', join(this.dir, 'data'), '-U', 'postgres', '-A', 'scram-sha-256'];
    const locale = ['--locale=C', '-E', 'UTF8', '--no-sync', `--pwfile=${secret}`];
    const options = { ...this.as, cwd: this.dir, encoding: 'utf8' } as const;
    const done = spawnSync(join(this.bin, 'initdb'), [...args, ...locale], options);
    if (done.status === 0) return;
    rmSync(this.dir, { recursive: true, force: true });
    throw new Error(`initdb failed: ${done.stderr ?? done.error?.message}`);
  }

  async start(): Promise<void> {
    const until = Date.now() + START_MS;
    for (;;) {
      try {
        return await this.launch();
      } catch (thrown) {
        // sessions of a server that was killed hold its memory for a moment
        if (Date.now() > until || !/still in use/.test(String(thrown))) throw thrown;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  private launch(): Promise<void> {
    const settings = {
      ...{ listen_addresses: '127.0.0.1', port: this.port, unix_socket_directories: '' },
      ...{ fsync: 'on', synchronous_commit: 'on', max_connections: 60, shared_buffers: '64MB' },
      ...{ lc_messages: 'C', logging_collector: 'off', log_min_messages: 'log' },
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(join(this.bin, 'postgres'), ['-D', join(this.dir, 'data'), ...flags], {
      ...this.as,
      cwd: this.dir,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.child = child;
    return new Promise((resolve, reject) => {
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-4000);
        if (said.includes('ready to accept connections')) resolve();
      });
      child.on('error', reject);
      child.on('exit', () => reject(new Error(`postgres ended while starting: ${said.trim()}`)));
    });
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const sessions = childrenOf(child.pid);
    await signal(child, 'SIGKILL');
    for (const pid of sessions) killQuietly(pid);
  }

  async stop(): Promise<void> {
    process.off('exit', this.atExit);
    if (this.child !== undefined) await signal(this.child, 'SIGQUIT');
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/* Servers whose process was killed before it stopped them. */
function sweep(bin: string): void {
  for (const dir of abandoned('postgres')) {
    spawnSync(join(bin, 'pg_ctl'), ['-D', join(dir, 'data'), '-m', 'immediate', 'stop'], {
      ...unprivileged(['postgres', 'nobody']),
      cwd: '/',
    });
    rmSync(dir, { recursive: true, force: true });
  }
}

function signal(child: ChildProcess, name: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(name);
  });
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it saw that the server is gone, and went too
  }
}
