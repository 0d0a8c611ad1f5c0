/** `webhook`: rows as POST requests, one a batch, each with a key by which a receiver takes it once. Memory: one entry per owner. */
import { type Duration, durationOption } from '../../lib/duration.js';
import { configError } from '../../lib/errors.js';
import type { OutboxTarget, SinkStore, Upsert } from '../../lib/ports.js';
import { rowJson } from '../../lib/rowJson.js';
import { type AnswerMeaning, meaningOf } from './answers.js';
import { EPOCH, FROM, KEY, MARK } from './delivery.js';
import { redactor } from './redact.js';
import { Sender, type SenderConfig } from './sender.js';

export interface WebhookConfig {
  /** `http:` or `https:`; messages name its host only. */
  readonly url: string | URL;
  /** Sent with every batch; their values appear in no message. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long an answer may take. @default '20s' */
  readonly timeout?: Duration;
  /** The body of a batch; one that throws refuses the rows. @default a JSON array of `{"op","key","revision","timestamp","row"}` */
  readonly body?: (rows: readonly Upsert[]) => string | Uint8Array;
  /** What a status means, where the receiver's words are others; undefined: as usual. */
  readonly meaning?: (status: number) => AnswerMeaning | undefined;
  /** @default the global `fetch` */
  readonly fetch?: typeof fetch;
  /** @default `webhook` and the host */
  readonly name?: string;
}

/** Rows for whoever listens; they belong to no checkpoint store, and come through its outbox. */
export interface Webhook extends SinkStore {
  readonly outbox: OutboxTarget;
}

/**
 * Sends rows to an address: one POST a batch, one at a time for each sink.
 *
 * | header | |
 * |---|---|
 * | `Idempotency-Key` | `job/task/sink/n/i-last`, names percent-encoded: the rows `i` to `last` of checkpoint `n` |
 * | `Tidemark-Epoch` | the owner's number; it rises with each start of the job |
 * | `Tidemark-From` | the checkpoint that this owner began with |
 * | `Tidemark-Mark` | a number of this run alone: two runs may have one epoch where checkpoints were lost |
 *
 * | answer | |
 * |---|---|
 * | 2xx | the rows are taken |
 * | 409 | they were taken before. Where it means "being worked on", give `meaning` |
 * | 412 | an owner of a higher epoch was here, or another run of this one: see below |
 * | 401 403 404 408 425 429 ..., 3xx, 5xx, none in time | the same batch is sent again; `Retry-After` is respected, up to an hour |
 * | other 4xx | refused: the batch is halved until the rows are found that go to `poison` |
 *
 * *Delivery.* In a job: at least once on the wire, each row from its checkpoint on and in order, and
 * exactly once in effect at a receiver that keeps, with the rows, the last position of each (job, task, sink):
 * `readDelivery` and `judgeDelivery` do that. A receiver that only remembers keys doubles rows where batches
 * are cut in another way after a restart. Where nobody looks at the key, repeats are repeats. In a bare pipe, at least once, without a key.
 *
 No wait outlasts `restart.outage` of the job: it fails when that is over, and loses no row.
 *
 * After 412 this run stops. Where it was its first batch, and it is the owner still, checkpoints were lost: then
 * it goes above the epoch that the answer's `Tidemark-Epoch` gives, and sends the batch again.
 *
 * A receiver needs no word at a takeover: a stale owner can only send rows of durable checkpoints,
 * which stand at or below the position or are the next ones anyway.
 *
 * @throws TypeError on a wrong option
 * @example
 * ```ts
 * const alerts = webhook({ url: 'https://example.org/alerts', headers: { authorization: `Bearer ${token}` } });
 * // ... idempotentSink({ store: alerts, batch: 100, ... }) in a job
 * ```
 */
export function webhook(config: WebhookConfig): Webhook {
  const sender = new Sender(checked(config));
  // nothing but functions and a name: an inspected sink shows no secret
  return {
    name: config.name ?? `webhook ${sender.host}`,
    transaction: {},
    upsert: (rows) => sender.upsert(rows),
    outbox: {
      fence: async (owner, epoch, run) => sender.fence(owner, epoch, run),
      apply: (batch) => sender.apply(batch),
    },
  };
}

function checked(config: WebhookConfig): SenderConfig {
  const { body = jsonBody, timeout = '20s', meaning = () => undefined } = config;
  const wrong = (option: string, rule: string, got: unknown) =>
    configError('webhook', option, rule, got);
  for (const [option, fn] of Object.entries({ body, meaning, fetch: config.fetch ?? fetch })) {
    if (typeof fn !== 'function') throw wrong(option, 'a function', fn);
  }
  const url = urlOf(config.url);
  const headers = headersOf(config.headers ?? {});
  return {
    url,
    headers,
    timeoutMs: durationOption('webhook', 'timeout', timeout, 'positive'),
    fetch: config.fetch ?? fetch,
    redact: redactor(url, headers),
    body,
    meaning: (status) => meaning(status) ?? meaningOf(status),
  };
}

/* What is wrong is told without what was given: an address may hold a secret. */
function urlOf(given: string | URL): URL {
  let url: URL | undefined;
  try {
    url = new URL(given);
  } catch {
    // told below
  }
  const wrong = (got: string) =>
    configError('webhook', 'url', 'an http: or https: address without user and password', got);
  if (url === undefined) throw wrong('no address');
  if (!/^https?:$/.test(url.protocol)) throw wrong(url.protocol);
  if (url.username !== '' || url.password !== '') throw wrong(`one with a user at ${url.host}`);
  return url;
}

function headersOf(given: Readonly<Record<string, string>>): Headers {
  const headers = new Headers({ 'content-type': 'application/json' });
  for (const [name, value] of Object.entries(given)) {
    const wrong = (rule: string) => configError('webhook', 'headers', rule, name);
    if ([KEY, EPOCH, FROM, MARK].includes(name.toLowerCase()))
      throw wrong('other headers than those it sets');
    try {
      headers.set(name, value);
    } catch {
      throw wrong('valid names and values of headers');
    }
  }
  return headers;
}

function jsonBody(rows: readonly Upsert[]): string {
  return `[${rows.map(rowJson).join(',\n')}]`;
}
