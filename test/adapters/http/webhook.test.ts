/** The webhook by its port, before a real server: each batch once, what each answer means, and no secret told. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { type Webhook, type WebhookConfig, webhook } from 'tidemark/http';
import type { StoreError } from '../../../lib/errors.js';
import type { Upsert } from '../../../lib/ports.js';
import { type Fault, Receiver } from './receiver.js';

const owner = { job: 'j/1', task: '0', sink: 'ü\ud800' };
const up = (k: number, row: Upsert['row'] = { v: k }): Upsert => ({
  ...{ op: 'upsert', key: [k], row, revision: [1], timestamp: 5 },
});
const rowsOf = (n: number, count = 3) => Array.from({ length: count }, (_, i) => up(n * 100 + i));
const send = (hook: Webhook, n: number, i: number, rows: readonly Upsert[], epoch = 1) =>
  hook.outbox.apply({ owner, epoch, n, i, rows });

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function receiver(faultOf?: (request: number) => Fault): Promise<Receiver> {
  const made = await new Receiver(faultOf).start();
  stops.push(() => made.stop());
  return made;
}

/** A server that answers every request so. */
async function answering(handler: RequestListener): Promise<string> {
  const server: Server = createServer((request, response) => {
    request.resume().on('end', () => handler(request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
}

async function failure(promise: Promise<unknown>): Promise<StoreError> {
  return promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (thrown) => thrown,
  );
}

it('says whose rows they are, and a receiver takes each once', async () => {
  const there = await receiver();
  const hook = webhook({ url: there.url, headers: { 'x-token': 't' } });
  expect(await hook.outbox.fence(owner, 1)).toBe('ok');
  const ok = { outcome: 'ok', result: { written: 3, ignored: 0, conflicts: 0 } };
  expect(await send(hook, 7, 0, rowsOf(7))).toEqual(ok);
  expect(await send(hook, 7, 0, rowsOf(7))).toEqual({ outcome: 'duplicate' });
  expect(await send(hook, 7, 0, rowsOf(7, 5))).toMatchObject({ outcome: 'ok' });
  expect(await send(hook, 8, 0, rowsOf(8), 3)).toEqual(ok);
  expect(there.rows).toEqual([...rowsOf(7, 5), ...rowsOf(8)]);
  expect(there.seen[0]).toMatchObject({
    'idempotency-key': 'j%2f1/0/%c3%bc%ud800/7/0-2',
    'tidemark-epoch': '1',
    'content-type': 'application/json',
    'x-token': 't',
  });
  expect(await send(hook, 9, 0, rowsOf(9), 2)).toEqual({ outcome: 'fenced' });
  expect(there.requests).toBe(4);
  // another instance has seen no fence: the receiver has
  expect(await send(webhook({ url: there.url }), 9, 0, rowsOf(9), 2)).toEqual({
    outcome: 'fenced',
  });
});

it('rows made anew after a checkpoint was lost are taken, those before it are not', async () => {
  const there = await receiver();
  const hook = webhook({ url: there.url });
  for (const n of [3, 4, 5]) await send(hook, n, 0, rowsOf(n));
  const next = webhook({ url: there.url });
  expect(await next.outbox.fence(owner, 2, { from: 3, mark: 0 })).toBe('ok');
  const outcomes: string[] = [];
  for (const n of [3, 4, 4, 5]) outcomes.push((await send(next, n, 0, rowsOf(n), 2)).outcome);
  expect(outcomes).toEqual(['duplicate', 'ok', 'duplicate', 'ok']);
  expect(there.seen.at(-1)).toMatchObject({ 'tidemark-from': '3' });
});

it('a run of an epoch that another run has is told so by its first batch, and by no later one', async () => {
  const there = await receiver((request) => (request === 1 ? 'lose reply' : 'none'));
  const [one, two] = [webhook({ url: there.url }), webhook({ url: there.url })];
  expect(await one.outbox.fence(owner, 4, { from: 0, mark: 2 ** 48 - 1 })).toBe('ok');
  expect(await two.outbox.fence(owner, 4, { from: 0, mark: 9 })).toBe('ok');
  expect(await send(one, 1, 0, rowsOf(1), 4)).toMatchObject({ outcome: 'ok' });
  expect(there.seen[0]).toMatchObject({ 'tidemark-mark': String(2 ** 48 - 1) });
  // its own batch, of which the answer was lost, is a duplicate
  await expect(send(one, 2, 0, rowsOf(2), 4)).rejects.toMatchObject({ kind: 'connection' });
  expect(await send(one, 2, 0, rowsOf(2), 4)).toEqual({ outcome: 'duplicate' });
  const other = [up(7), up(8)];
  expect(await send(two, 1, 0, other, 4)).toEqual({ outcome: 'fenced', fencedBy: 4 });
  expect(await two.outbox.fence(owner, 5, { from: 0, mark: 9 })).toBe('ok');
  expect(await send(two, 1, 0, other, 5)).toMatchObject({ outcome: 'ok' });
  expect(there.rows).toEqual([...rowsOf(1), ...rowsOf(2), ...other]);
  // the receiver knew it, and knows a later one
  expect(await send(one, 3, 0, rowsOf(3), 4)).toEqual({ outcome: 'fenced' });
  // one whose checkpoints were emptied hears how far the receiver is
  const third = webhook({ url: there.url });
  await third.outbox.fence(owner, 1, { from: 0, mark: 3 });
  expect(await send(third, 1, 0, rowsOf(4), 1)).toEqual({ outcome: 'fenced', fencedBy: 5 });
});

it('through lost requests and replies, late answers and kills each row arrives once, in order', async () => {
  const faults: Fault[] = [
    'none',
    'drop',
    'lose reply',
    'late',
    'die before',
    'die after',
    503,
    429,
  ];
  const there = await receiver((request) => faults[(request * 5 + (request >> 3)) % 8] as Fault);
  const hook = webhook({ url: there.url, timeout: 40 });
  let failed = 0;
  for (let n = 1; n <= 16; n++) {
    for (let i = 0; i < 6; i += 3) {
      for (let tries = 0; ; tries++) {
        if (tries > 50) throw new Error('no way through');
        const answer = await send(hook, n, i, rowsOf(n, 6).slice(i, i + 3)).catch(
          (thrown) => thrown,
        );
        if (!(answer instanceof Error)) break;
        expect(answer).toMatchObject({ kind: 'connection' });
        failed++;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }
  expect(there.rows).toEqual(Array.from({ length: 16 }, (_, k) => rowsOf(k + 1, 6)).flat());
  expect(failed).toBeGreaterThan(25);
  expect(there.deaths).toBeGreaterThan(5);
}, 30_000);

it('a batch that is sent again while it is under way is one request, and the next waits for it', async () => {
  const there = await receiver((request) => (request === 0 ? 'late' : 'none'));
  const hook = webhook({ url: there.url });
  const twice = [
    send(hook, 1, 0, rowsOf(1)),
    send(hook, 1, 0, rowsOf(1)),
    send(hook, 2, 0, rowsOf(2)),
  ];
  expect((await Promise.all(twice)).map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok']);
  expect([there.requests, there.atOnce]).toEqual([2, 1]);
  expect(there.rows).toEqual([...rowsOf(1), ...rowsOf(2)]);
});

it('each status means what the page says, and `meaning` may say otherwise', async () => {
  let status = 200;
  const url = await answering((_, response) => response.writeHead(status).end());
  const outcomeAt = async (given: number, o: Partial<WebhookConfig> = {}) => {
    status = given;
    const sent = send(webhook({ url, ...o }), 1, 0, rowsOf(1));
    return sent.then(
      ({ outcome }) => outcome,
      ({ kind }: StoreError) => kind,
    );
  };
  const wanted = {
    ok: [200, 201, 202, 204],
    duplicate: [409],
    fenced: [412],
    refused: [400, 406, 413, 415, 418, 422],
    connection: [301, 302, 307, 308, 401, 403, 404, 405, 408, 410, 425, 429, 500, 502, 503, 504],
  };
  for (const [meaning, statuses] of Object.entries(wanted)) {
    for (const one of statuses) expect([one, await outcomeAt(one)]).toEqual([one, meaning]);
  }
  const meaning = (one: number) => (one === 409 ? 'retry' : one === 422 ? 'ok' : undefined);
  expect(await outcomeAt(409, { meaning })).toBe('connection');
  expect(await outcomeAt(422, { meaning })).toBe('ok');
  expect(await outcomeAt(404, { meaning })).toBe('connection');
});

it('tells when the receiver wants the next try', async () => {
  let after = '';
  const url = await answering((_, response) =>
    response.writeHead(503, { 'retry-after': after }).end(),
  );
  const told = async (header: string) => {
    after = header;
    return (await failure(send(webhook({ url }), 1, 0, rowsOf(1)))).retryAfterMs;
  };
  expect(await told('7')).toBe(7000);
  expect(await told('999999')).toBe(3_600_000);
  const date = (await told(new Date(Date.now() + 60_000).toUTCString())) as number;
  expect(date).toBeGreaterThan(50_000);
  expect(date).toBeLessThanOrEqual(60_000);
  for (const nothing of ['0', '-5', 'soon', 'Thu, 01 Jan 1970 00:00:00 GMT']) {
    expect(await told(nothing)).toBeUndefined();
  }
});

it('follows no redirect, and reads no endless body', async () => {
  let hits = 0;
  const url = await answering((request, response) => {
    hits++;
    if (request.url === '/x') return void response.writeHead(307, { location: '/y' }).end();
    response.writeHead(200);
    const chunk = Buffer.alloc(1 << 14, 'x');
    const pump = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', pump);
    pump();
  });
  const { message } = await failure(send(webhook({ url }), 1, 0, rowsOf(1)));
  expect(message).toMatch(/answered 307; redirects are not followed, so give the address/);
  expect(hits).toBe(1);
  const endless = webhook({ url: url.replace('/x', '/endless') });
  expect(await send(endless, 1, 0, rowsOf(1))).toMatchObject({ outcome: 'ok' });
});

it('what it was given in headers and address is in no message', async () => {
  const url = await answering((request, response) => {
    const body = `you sent ${request.headers['authorization']} to ${request.url}\nmore`;
    response.writeHead(request.url?.includes('bad') ? 422 : 500).end(body);
  });
  const secret = 'CANARY-8d7f';
  const headers = { authorization: `Bearer ${secret}` };
  const gone = await receiver();
  await gone.stop();
  const away = new URL(gone.url).origin;
  for (const base of [url, `${url}/bad`, away]) {
    const hook = webhook({ url: `${base}/${secret}?key=${secret}`, headers });
    const thrown = await failure(send(hook, 1, 0, rowsOf(1)));
    expect(inspect(thrown, { depth: 9, showHidden: true })).not.toContain(secret);
    expect(inspect(hook, { depth: 9, showHidden: true }) + JSON.stringify(hook)).not.toContain(
      secret,
    );
    expect(thrown.message).toMatch(
      /^webhook: 127\.0\.0\.1:\d+ (answered \d+: "you sent \*\*\*|refuses)/,
    );
  }
  const lying = (() => Promise.reject(new Error(`no ${secret}`))) as unknown as typeof fetch;
  const thrown = await failure(webhook({ url, headers, fetch: lying }).upsert(rowsOf(1)));
  expect(inspect(thrown)).not.toContain(secret);
  for (const wrong of [`ftp://h/${secret}`, `http://u:${secret}@h/`, `${secret}:`]) {
    expect(() => webhook({ url: wrong })).toThrow(TypeError);
    expect(() => webhook({ url: wrong })).not.toThrow(secret);
  }
  expect(() => webhook({ url, headers: { a: `${secret}\n` } })).not.toThrow(secret);
});

it('hostile rows arrive as they were, and those that cannot be sent are refused by name', async () => {
  const there = await receiver();
  const hook = webhook({ url: there.url });
  const row = JSON.parse('{"__proto__":{"a":1},"constructor":2}');
  Object.assign(row, {
    big: 2n ** 70n,
    nan: Number.NaN,
    lone: '\udfff',
    long: 'y'.repeat(2 ** 20),
  });
  await send(hook, 1, 0, [up(1, row)]);
  expect(there.rows).toStrictEqual([up(1, row)]);
  const bad = up(2, { f: () => 1 });
  const thrown = await failure(send(hook, 2, 0, [up(1), bad]));
  expect(thrown).toMatchObject({ kind: 'refused', refused: [bad] });
  const body = () => {
    throw new Error('no form');
  };
  const own = await failure(send(webhook({ url: there.url, body }), 2, 0, [up(1)]));
  expect(own).toMatchObject({ kind: 'refused', message: 'webhook: `body` threw: no form' });
});

it('wrong options are told at construction', () => {
  const url = 'http://h/';
  const bad: [object, RegExp][] = [
    [{ url: 'h' }, /webhook: `url` must be an http: or https: address .*; got "no address"/],
    [{ url, timeout: '0s' }, /`timeout` must be a duration > 0/],
    [{ url, body: 'x' }, /`body` must be a function/],
    [{ url, fetch: 'x' }, /`fetch` must be a function/],
    [{ url, meaning: 200 }, /`meaning` must be a function/],
    [{ url, headers: { 'Idempotency-Key': 'x' } }, /`headers` must be other headers than those it/],
    [{ url, headers: { 'a b': 'x' } }, /`headers` must be valid names and values .*; got "a b"/],
  ];
  for (const [config, message] of bad) expect(() => webhook(config as never)).toThrow(message);
});
