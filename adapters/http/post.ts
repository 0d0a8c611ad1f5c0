/** One POST: its answer within a time and a size, or a connection fault in one sentence that holds no secret. */
import { messageOf, StoreError, show } from '../../lib/errors.js';
import { EPOCH } from './delivery.js';

export interface PostConfig {
  readonly url: URL;
  readonly headers: Headers;
  readonly timeoutMs: number;
  readonly fetch: typeof fetch;
  readonly redact: (text: string) => string;
}

/** An answer: its status, and the beginning of its body. */
export interface Posted {
  readonly status: number;
  readonly retryAfter: string | null;
  /** The epoch that the receiver has, where it says so. */
  readonly epoch: string | null;
  readonly text: string;
}

/** So much of a body is read, that the connection may serve again; of a longer one it is closed. */
const READ_BYTES = 1 << 16;
/** So much of it is told. */
const SHOWN = 200;

/** @throws StoreError of kind `'connection'` where there is no answer; the receiver may have the batch */
export async function post(
  config: PostConfig,
  body: string | Uint8Array,
  extra: Readonly<Record<string, string>>,
): Promise<Posted> {
  const { url, timeoutMs } = config;
  const headers = new Headers(config.headers);
  for (const [name, value] of Object.entries(extra)) headers.set(name, value);
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const how = { method: 'POST', redirect: 'manual', headers, body, signal } as const;
    const response = await config.fetch(url, how);
    // the status is the answer: a body that breaks off takes nothing from it
    const text = await beginning(response).catch(() => '');
    const { status, headers: said } = response;
    return { status, retryAfter: said.get('retry-after'), epoch: said.get(EPOCH), text };
  } catch (thrown) {
    const why = signal.aborted ? `gave no answer within ${timeoutMs} ms` : faultOf(config, thrown);
    // without its cause, which may hold what was sent
    throw new StoreError('connection', `webhook: ${url.host} ${why}`);
  }
}

/** The beginning of a body, for a message. */
export function shownText({ redact }: PostConfig, text: string): string {
  // first redacted, then cut: a part of a secret is one too
  const [line] = redact(text)
    .trim()
    .split(/[\r\n]/, 1) as [string];
  return line === '' ? '' : `: ${show(line.slice(0, SHOWN))}`;
}

async function beginning(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const chunks: Uint8Array[] = [];
  for (let size = 0; size < READ_BYTES; ) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks).toString();
    chunks.push(value);
    size += value.length;
  }
  await reader.cancel();
  return Buffer.concat(chunks).toString();
}

const faults = new Map([
  ['ECONNREFUSED', 'refuses connections'],
  ['ENOTFOUND', 'is no known host'],
  ['EAI_AGAIN', 'cannot be looked up now'],
  ['ECONNRESET', 'broke the connection off'],
  ['EPIPE', 'broke the connection off'],
  ['UND_ERR_SOCKET', 'broke the connection off'],
]);

function faultOf({ redact }: PostConfig, thrown: unknown): string {
  const { cause } = thrown as { cause?: { code?: unknown; errors?: { code?: unknown }[] } };
  const code = String(cause?.code ?? cause?.errors?.[0]?.code ?? '');
  const known = faults.get(code);
  if (known !== undefined) return known;
  return `cannot be reached: ${redact(messageOf(thrown)).slice(0, SHOWN)}${code === '' ? '' : ` (${code})`}`;
}
