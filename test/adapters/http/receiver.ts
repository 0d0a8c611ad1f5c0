/** A receiver over node:http as the docs describe it, with faults: replies lost, late or none, and kills. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type DeliveryPosition, judgeDelivery, readDelivery, rowOfJson } from 'tidemark/http';
import type { Upsert } from '../../../lib/ports.js';

/** What happens to a request: before it is looked at, or after its rows are stored. */
export type Fault =
  | 'none'
  | 'drop'
  | 'lose reply'
  | 'late'
  | 'die before'
  | 'die after'
  | 503
  | 429;

export class Receiver {
  /** What is durable: rows in order of arrival, and positions. */
  readonly rows: Upsert[] = [];
  readonly positions = new Map<string, DeliveryPosition>();
  requests = 0;
  /** The most requests that were open at once. */
  atOnce = 0;
  deaths = 0;
  readonly seen: IncomingMessage['headers'][] = [];
  private open = 0;
  private server: Server | undefined;
  private port = 0;

  constructor(private readonly faultOf: (request: number) => Fault = () => 'none') {}

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook/secret-path`;
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => void this.handle(request, response));
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.atOnce = Math.max(this.atOnce, ++this.open);
    request.on('close', () => this.open--);
    const fault = this.faultOf(this.requests++);
    const chunks: Buffer[] = [];
    for await (const chunk of request.iterator({ destroyOnReturn: false })) chunks.push(chunk);
    this.seen.push(request.headers);
    if (fault === 'drop') return void request.socket.destroy();
    if (fault === 'die before') return this.die();
    if (typeof fault === 'number') return this.answer(response, fault);
    const status = this.take(request, Buffer.concat(chunks).toString());
    if (fault === 'die after') return this.die();
    if (fault === 'lose reply') return void request.socket.destroy();
    if (fault === 'late') await new Promise((resolve) => setTimeout(resolve, 80));
    this.answer(response, ...status);
  }

  private answer(response: ServerResponse, status: number, epoch?: number): void {
    const headers = epoch === undefined ? {} : { 'tidemark-epoch': epoch };
    response.writeHead(status, status === 429 ? { 'retry-after': '0' } : headers).end();
  }

  /** One synchronous step, as a transaction would be. */
  private take(request: IncomingMessage, body: string): [status: number, epoch?: number] {
    const delivery = readDelivery(request.headers);
    if (delivery === undefined) return [400];
    const id = JSON.stringify(delivery.owner);
    const step = judgeDelivery(delivery, this.positions.get(id));
    if (step.outcome === 'fenced') return [412, step.epoch];
    if (step.outcome === 'duplicate') return [409];
    const lines = (JSON.parse(body) as unknown[]).map((row) => rowOfJson(JSON.stringify(row)));
    this.rows.push(...lines.slice(step.skip));
    this.positions.set(id, step.position);
    return [201];
  }

  /* Every connection ends at once, and for a while nobody listens. */
  private async die(): Promise<void> {
    this.deaths++;
    await this.stop();
    setTimeout(() => void this.start(), 20);
  }
}
