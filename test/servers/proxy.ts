/** A TCP proxy before a test server that loses what it is told to: a request, or only the reply to one. */
import { connect, createServer, type Socket } from 'node:net';

/**
 * What becomes of the bytes that a client just sent. Lost requests never reach the server; of a lost
 * reply the server has done its part, and has answered. Both end the connection.
 */
export type Fate = 'pass' | 'loseRequest' | 'loseReply';

export interface TestProxy {
  readonly port: number;
  /** Decides for each piece that a client sends; all pass until this is set. */
  fate: (sent: Buffer) => Fate;
  /** An address with the host and port of this proxy. */
  through(url: string): string;
  /** Ends all connections at once. */
  cut(): void;
  /** While true, nothing passes either way, and nothing is lost. */
  pause(held: boolean): void;
  close(): Promise<void>;
}

/** Starts one before a port of this machine. */
export async function startProxy(target: number): Promise<TestProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let held = false;
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    const pair = [client, upstream] as const;
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end).setNoDelay(true);
    if (held) for (const socket of pair) socket.pause();
    join(pair, (sent) => proxy.fate(sent), end);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const proxy: TestProxy = {
    port,
    fate: () => 'pass',
    through(url) {
      const other = new URL(url);
      other.host = `127.0.0.1:${port}`;
      return other.href;
    },
    cut() {
      for (const pair of [...pairs]) for (const socket of pair) socket.destroy();
    },
    pause(now) {
      held = now;
      for (const pair of pairs) for (const socket of pair) now ? socket.pause() : socket.resume();
    },
    close() {
      proxy.cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return proxy;
}

function join(
  [client, upstream]: readonly [Socket, Socket],
  fate: (sent: Buffer) => Fate,
  end: () => void,
): void {
  let losing = false;
  client.on('data', (sent: Buffer) => {
    const what = fate(sent);
    if (what === 'loseRequest') return end();
    losing ||= what === 'loseReply';
    upstream.write(sent);
  });
  upstream.on('data', (reply) => {
    if (losing) end();
    else client.write(reply);
  });
}
