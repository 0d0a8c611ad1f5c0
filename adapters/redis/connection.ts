/** One connection to Redis: sends every script once, and says what an error means. */
import { JobError, messageOf, StoreError } from '../../lib/errors.js';
import type { Script } from './script.js';

/** A client of `ioredis`: only what makes another like it is used. */
export interface RedisClient {
  duplicate(...options: never[]): unknown;
  readonly isCluster?: boolean;
}

/** What of such a client is used. */
interface Client {
  readonly status: string;
  readonly options?: { readonly db?: number };
  connect(): Promise<void>;
  disconnect(): void;
  on(event: string, listener: (...args: any[]) => void): unknown;
  off(event: string, listener: (...args: any[]) => void): unknown;
  callBuffer(command: string, ...args: Arg[]): Promise<unknown>;
}

/* The client would write a `Uint8Array` as the text of its numbers. */
export type Arg = string | Buffer;

const WHAT = 'redis';

/*
 * A command whose reply is lost must fail, not be sent again behind our back; and while there is no
 * connection nothing may pile up.
 */
function settings(timeoutMs: number) {
  return {
    ...{ maxRetriesPerRequest: 0, commandTimeout: timeoutMs, connectTimeout: timeoutMs },
    ...{ enableOfflineQueue: false, lazyConnect: true, keyPrefix: '' },
    // a server that reads its data is asked again soon; a socket that never opened holds no process up
    ...{ maxLoadingRetryTime: 100, disconnectTimeout: 100 },
    retryStrategy: (times: number) => Math.min(50 * 2 ** (times - 1), 2000),
  };
}

/** Opens a connection of one's own. @throws StoreError */
export async function connect(
  to: { readonly url?: string; readonly client?: RedisClient },
  timeoutMs: number,
): Promise<Connection> {
  const client = await clientFor(to, timeoutMs);
  const connection = new Connection(client, timeoutMs);
  try {
    await client.connect();
    return connection;
  } catch (thrown) {
    const said = connection.lastError ?? thrown;
    connection.close();
    throw new StoreError('connection', `${WHAT}: there is no connection: ${messageOf(said)}`);
  }
}

async function clientFor(
  { url, client }: { readonly url?: string; readonly client?: RedisClient },
  timeoutMs: number,
): Promise<Client> {
  const own = settings(timeoutMs);
  if (client !== undefined) {
    const copy = client.duplicate as (...options: unknown[]) => Client;
    if (!client.isCluster) return copy.call(client, own);
    const { lazyConnect, enableOfflineQueue, keyPrefix, ...redisOptions } = own;
    const cluster = { lazyConnect, enableOfflineQueue, keyPrefix, redisOptions };
    return copy.call(client, [], cluster);
  }
  const { Redis } = await import('ioredis').catch((cause: unknown) => {
    const advice = 'redisStore with a `url` needs the package ioredis; install it';
    throw new StoreError('refused', advice, { cause });
  });
  return new Redis(url as string, own) as unknown as Client;
}

export class Connection {
  lastError: unknown;
  private closed = false;

  constructor(
    private readonly client: Client,
    private readonly timeoutMs: number,
  ) {
    // without a listener every attempt to connect again would be printed
    client.on('error', (error: unknown) => {
      this.lastError = error;
    });
  }

  /** Runs a script; its text is sent where the server does not know it yet. @throws StoreError */
  async run(script: Script, keys: readonly Arg[], args: readonly Arg[] = []): Promise<any> {
    const rest = [String(keys.length), ...keys, ...args];
    await this.ready();
    try {
      return await this.client.callBuffer('EVALSHA', script.sha, ...rest);
    } catch (thrown) {
      // the server has said that it did nothing
      if (!/^NOSCRIPT/.test(messageOf(thrown))) throw storeError(thrown);
    }
    return this.client.callBuffer('EVAL', script.text, ...rest).catch((thrown: unknown) => {
      throw storeError(thrown);
    });
  }

  /** Runs a command that reads. @throws StoreError */
  async ask(command: string, ...args: readonly Arg[]): Promise<any> {
    await this.ready();
    return this.client.callBuffer(command, ...args).catch((thrown: unknown) => {
      throw storeError(thrown);
    });
  }

  /** The number of the database that was asked for. */
  get database(): number {
    return this.client.options?.db ?? 0;
  }

  close(): void {
    this.closed = true;
    this.client.disconnect();
  }

  /* A server that comes back is waited for, as long as one command may take. */
  private async ready(): Promise<void> {
    const { client } = this;
    if (this.closed) throw new StoreError('connection', `${WHAT}: the store is closed`);
    if (client.status === 'ready') return;
    const came = await new Promise<boolean>((resolve) => {
      const done = (ready: boolean) => {
        clearTimeout(timer);
        client.off('ready', onReady);
        client.off('end', onEnd);
        resolve(ready);
      };
      const onReady = () => done(true);
      const onEnd = () => done(false);
      const timer = setTimeout(onEnd, this.timeoutMs);
      client.on('ready', onReady);
      client.on('end', onEnd);
    });
    if (came) return;
    const why = this.lastError === undefined ? '' : `: ${messageOf(this.lastError)}`;
    throw new StoreError('connection', `${WHAT}: there is no connection${why}`);
  }
}

/* A script that is refused so has written nothing: what comes after a first write is never refused. */
const shortages: readonly (readonly [RegExp, string])[] = [
  [/^OOM /, 'the memory of the server is full; raise its `maxmemory` or free some, and it goes on'],
  [/^MISCONF /, 'the server cannot write to its disk; free some space there, and it goes on'],
];

/* The client's own errors carry the command, and with it rows and passwords: only their words are kept. */
function storeError(thrown: unknown): Error {
  if (thrown instanceof StoreError || thrown instanceof JobError) return thrown;
  const said = messageOf(thrown);
  const [, what] = shortages.find(([begins]) => begins.test(said)) ?? [];
  return new StoreError('connection', `${WHAT}: ${what === undefined ? '' : `${what}: `}${said}`);
}
