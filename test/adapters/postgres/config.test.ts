/** What `postgresStore` says of wrong options, and that no password is in what it says. */
import { inspect } from 'node:util';
import { postgresStore } from 'tidemark/postgres';
import { redactorFor, shownUrl } from '../../../adapters/postgres/secrets.js';

const url = 'postgres://etl:hunter2-canary@127.0.0.1:1/db';
const pool: any = { connect: async () => {}, on() {}, removeListener() {}, end: async () => {} };

test.each([
  [{}, '`url` must be given, or `pool`, and not both; got undefined'],
  [
    { url, pool },
    '`url` must be given, or `pool`, and not both; got "postgres://***@127.0.0.1:1/db"',
  ],
  [{ url: 'mysql://etl:hunter2-canary@h/d' }, '`url` must be an address such as'],
  [{ url: 'postgres://etl:hunter2-canary@h:port/d' }, 'got "postgres://***@h:port/d"'],
  [{ url: 7 }, '`url` must be an address such as'],
  [{ pool: {} }, '`pool` must be a Pool of pg; got "object"'],
  [{ url, schema: 'a"; drop' }, '`schema` must be a name of letters, digits and _'],
  [{ url, timeouts: { lock: '10s' } }, '`timeouts.lock` must be longer than `timeouts.idle`'],
  [{ url, timeouts: { statement: 0 } }, '`timeouts.statement` must be a duration > 0'],
] as const)('%j is refused in one sentence', async (config, sentence) => {
  const refused = await postgresStore(config as any).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(refused).toBeInstanceOf(TypeError);
  expect((refused as Error).message).toContain(sentence);
  expect(inspect(refused, { depth: 9 })).not.toContain('canary');
});

test('a server that is not there is a connection fault, and its error has no password at any depth', async () => {
  const refused = await postgresStore({ url }).catch((thrown: unknown) => thrown);
  expect(refused).toMatchObject({ name: 'StoreError', kind: 'connection' });
  expect((refused as Error).message).toMatch(/^postgresStore: cannot connect: .*ECONNREFUSED/);
  expect(inspect(refused, { depth: 9, showHidden: true })).not.toContain('canary');
});

test('what takes connections and never answers is given up after some 10 s', async () => {
  jest.useFakeTimers();
  try {
    let asked = 0;
    const silent = () =>
      new Promise<never>((_, reject) => {
        asked++;
        setTimeout(
          () => reject(new Error('Connection terminated due to connection timeout')),
          5000,
        );
      });
    const began = Date.now();
    const opened = postgresStore({ pool: { ...pool, connect: silent } }).catch((thrown: Error) => [
      thrown.message,
      Date.now() - began,
    ]);
    await jest.advanceTimersByTimeAsync(60_000);
    const [message, ms] = (await opened) as unknown as [string, number];
    expect(message).toBe(
      'postgresStore: cannot connect, as nothing there answers like a PostgreSQL server: Connection terminated due to connection timeout',
    );
    expect(ms).toBeGreaterThanOrEqual(10_000);
    expect(ms).toBeLessThan(11_000);
    expect(asked).toBe(2);
  } finally {
    jest.useRealTimers();
  }
});

test('a password is left out of an address, whatever it holds', () => {
  for (const secret of [
    'hid/denPW',
    'hid@denPW',
    'hid#denPW',
    'hid?denPW',
    'hid%denPW',
    'h:denPW',
  ]) {
    const url = `postgres://u:${secret}@h:1/d`;
    expect(shownUrl(url)).toBe('postgres://***@h:1/d');
    const redact = redactorFor(url);
    expect(redact(`of ${url}, or ${secret}`)).not.toMatch(/denPW/);
  }
});

test('a password is taken out of an error in each of its forms', () => {
  const redact = redactorFor('postgres://u:p%40ss-word@h/d?password=other-word', 'third-word');
  const error = Object.assign(new Error('p@ss-word, p%40ss-word'), { input: 'third-word' });
  const { message, input, stack } = redact(error);
  expect([message, input]).toEqual(['***, ***', '***']);
  expect(stack).not.toMatch(/ss-word/);
  expect(redact('other-word')).toBe('***');
  expect(redact(undefined)).toBeUndefined();
});

test('a password that is the name of its user is not looked for in what is said', () => {
  const redact = redactorFor('postgres://postgres:postgres@h/postgres');
  expect(redact('database "postgres" does not exist')).toBe('database "postgres" does not exist');
  expect(redact('postgres://postgres:postgres@h/d')).toBe('postgres://***@h/d');
});

test('an address is shown without user and password', () => {
  expect(shownUrl('postgres://u:p@h/d?password=secret&x=1')).toBe(
    'postgres://***@h/d?password=***&x=1',
  );
});
