/** A real Redis for one test file or command: its own directory, port and password, and killed on demand. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  abandoned,
  containerEngine,
  findProgram,
  freePort,
  install,
  privateDirectory,
} from './provision.js';
import { startContainer } from './redisContainer.js';

export interface RedisServer {
  /** Names a server that nobody else uses, or one of others: keys need a prefix of their own. */
  readonly url: string;
  /** SIGKILL: what was acknowledged is in the append-only file, and nothing else is promised. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port. */
  start(): Promise<void>;
  /** Stops it and removes what it left. */
  stop(): Promise<void>;
}

export interface RedisOptions {
  /** Passes over REDIS_URL: its server is others' too. */
  readonly killable?: boolean;
  /** How often the append-only file is forced to the disk. @default 'everysec' */
  readonly fsync?: 'always' | 'everysec';
  /** Further settings of the server, by name. */
  readonly settings?: Readonly<Record<string, string>>;
}

const PLACES = ['/usr/local/bin', '/opt/homebrew/bin', '/opt/redis*/bin'];
const PACKAGES = { apt: 'redis-server', apk: 'redis', dnf: 'redis' };
const PID_FILE = 'server.pid';
const START_MS = 30_000;
const ADVICE = 'install Redis 7 or newer, or set REDIS_URL to a server';

/** Sees to it that a server can be started, installing one if need be. @throws Error that says what to do */
export async function ensureRedis(): Promise<string> {
  if (process.env['REDIS_URL'] !== undefined) return 'the server of REDIS_URL';
  const found = program();
  if (found !== undefined) return found;
  const engine = containerEngine();
  if (engine !== undefined) return `a container of ${engine}`;
  const problem = install(PACKAGES);
  const installed = program();
  if (installed !== undefined) return `${installed}, now installed`;
  throw new Error(`there is no Redis here and ${problem ?? 'none came'}; ${ADVICE}`);
}

/** Starts a server of one's own, or gives that of REDIS_URL. @throws Error that says what to do */
export async function startRedis(o: RedisOptions = {}): Promise<RedisServer> {
  const given = process.env['REDIS_URL'];
  if (given !== undefined && !o.killable && o.settings === undefined) return borrowed(given);
  const settings = settingsOf(o);
  const path = program();
  if (path !== undefined) return OwnServer.create(path, settings);
  const engine = containerEngine();
  if (engine !== undefined) return startContainer(engine, settings);
  throw new Error(`there is no Redis here that may be killed; ${ADVICE}`);
}

function program(): string | undefined {
  return findProgram('redis-server', PLACES);
}

function settingsOf({ fsync = 'everysec', settings }: RedisOptions): Record<string, string> {
  return {
    ...{ appendonly: 'yes', appendfsync: fsync, save: '', loglevel: 'notice' },
    ...{ 'maxmemory-policy': 'noeviction', ...settings },
  };
}

/* Tests take a prefix of their own there; it is not killed. */
function borrowed(url: string): RedisServer {
  const refuse = () => Promise.reject(new Error('the server of REDIS_URL is not killed'));
  return { url, kill: refuse, start: refuse, stop: async () => {} };
}

class OwnServer implements RedisServer {
  private child: ChildProcess | undefined;
  private readonly dir = privateDirectory('redis');
  private readonly password = randomBytes(12).toString('hex');
  private readonly atExit = () => this.child?.kill('SIGKILL');

  private constructor(
    private readonly path: string,
    private readonly settings: Readonly<Record<string, string>>,
    private port: number,
  ) {
    process.once('exit', this.atExit);
  }

  static async create(path: string, settings: Record<string, string>): Promise<OwnServer> {
    sweep();
    const server = new OwnServer(path, settings, await freePort());
    for (let tries = 3; ; tries--) {
      try {
        await server.start();
        return server;
      } catch (thrown) {
        // between asking and listening, another may have taken the port
        if (tries === 1 || !/in use/.test(String(thrown))) {
          await server.stop();
          throw thrown;
        }
        server.port = await freePort();
      }
    }
  }

  get url(): string {
    return `redis://:${this.password}@127.0.0.1:${this.port}/0`;
  }

  start(): Promise<void> {
    const config = {
      ...{ bind: '127.0.0.1', port: String(this.port), dir: this.dir, daemonize: 'no' },
      ...{ pidfile: join(this.dir, PID_FILE) },
      ...{ requirepass: this.password, ...this.settings },
    };
    const flags = Object.entries(config).flatMap(([name, value]) => [`--${name}`, value]);
    const child = spawn(this.path, flags, { cwd: this.dir, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    return new Promise((resolve, reject) => {
      let said = '';
      const late = setTimeout(() => child.kill('SIGKILL'), START_MS);
      const hear = (text: Buffer) => {
        said = (said + text).slice(-4000);
        if (!said.includes('Ready to accept connections')) return;
        clearTimeout(late);
        resolve();
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.on('error', reject);
      child.on('exit', () => {
        clearTimeout(late);
        reject(new Error(`redis-server ended while starting: ${said.trim()}`));
      });
    });
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  }

  async stop(): Promise<void> {
    process.off('exit', this.atExit);
    await this.kill();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/* Servers whose process was killed before it stopped them. */
function sweep(): void {
  for (const dir of abandoned('redis')) {
    const pid = serverOf(dir);
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/* The server of a directory, if it is alive and no other process has its number by now. */
function serverOf(dir: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(dir, PID_FILE), 'utf8'));
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return command.includes('redis-server') ? pid : undefined;
  } catch {
    return undefined;
  }
}
