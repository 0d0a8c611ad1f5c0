/** Facts about command lines: what they come to, and the one sentence for each wrong use. */
import { UsageError } from '../../examples/main/command.js';
import { readMainOptions } from '../../examples/main/options.js';
import { cleanScratch, scratchFile } from '../adapters/files/scratch.js';

afterAll(cleanScratch);

function sentence(...argv: string[]): string {
  try {
    readMainOptions(argv);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(UsageError);
    return (thrown as Error).message;
  }
  return 'taken';
}

it('without options it is the bundled log into a temporary embedded table', () => {
  expect(readMainOptions([])).toEqual({
    events: undefined,
    profiles: undefined,
    generate: undefined,
    lenient: false,
    maxFutureSkewMs: 300_000,
    rate: undefined,
    store: { kind: 'pglite' },
    standby: false,
    table: 'user_metrics',
    checkpointEveryMs: 1000,
    checkpointEveryEvents: 10_000,
    sizeMs: 300_000,
    outOfOrdernessMs: 600_000,
    withinMs: 900_000,
    allowedLatenessMs: 0,
    sliding: undefined,
    out: undefined,
    summary: undefined,
    rejected: undefined,
    late: undefined,
    quiet: false,
  });
});

it('values follow as a word or after =, durations are ms or a number and a unit', () => {
  const o = readMainOptions([
    '--size=1m',
    '--within',
    '90000',
    '--allowed-lateness',
    '0',
    '--quiet',
  ]);
  expect(o).toMatchObject({ sizeMs: 60_000, withinMs: 90_000, allowedLatenessMs: 0, quiet: true });
  expect(readMainOptions(['--store', 'pglite:some dir'])?.store).toEqual({
    kind: 'pglite',
    dir: 'some dir',
  });
  const url = 'redis://:x@host:1/2?prefix=mine';
  expect(readMainOptions(['--store', url])?.store).toEqual({ kind: 'redis', url, prefix: 'mine' });
  expect(readMainOptions(['--store=postgres://u:p@h/d?schema=s&x=1'])?.store).toEqual({
    kind: 'postgres',
    url: 'postgres://u:p@h/d?x=1',
    schema: 's',
  });
  expect(readMainOptions(['--store=postgres://h/d'])?.store).toEqual({
    kind: 'postgres',
    url: 'postgres://h/d',
  });
  expect(readMainOptions(['--store=file:some dir'])?.store).toEqual({
    kind: 'file',
    dir: 'some dir',
  });
  expect(readMainOptions(['--out', '-'])?.out).toBe('-');
});

it('synthetic input spans 100 ms an event unless told otherwise', () => {
  expect(readMainOptions(['--generate', '600', '--users=3', '--seed=-7'])?.generate).toEqual({
    count: 600,
    users: 3,
    startMs: Date.UTC(2024, 0, 1),
    spanMs: 60_000,
    lateShare: 0.1,
    lateByMs: 600_000,
    disorderMs: 120_000,
    dupShare: 0.01,
    skew: 0,
    malformedShare: 0,
    seed: -7,
  });
});

it('help is asked for by --help or -h, before anything is looked at', () => {
  expect(readMainOptions(['--help', '--events', '/nowhere'])).toBeUndefined();
  expect(readMainOptions(['-h'])).toBeUndefined();
});

const file = () => scratchFile('in.ndjson', '');

it.each([
  [['--siez', '5m'], 'main: options must be one of --events'],
  [['events.ndjson'], 'main: arguments must be options such as --help; got "events.ndjson"'],
  [['-x'], 'main: arguments must be options such as --help; got "-x"'],
  [['--'], 'main: arguments must be options'],
  [['--size'], 'main: `--size` must be followed by a value (DURATION); got ""'],
  [['--size', '--quiet'], 'main: `--size` must be followed by a value (DURATION); got "--quiet"'],
  [['--size='], 'main: `--size` must be followed by a value (DURATION); got ""'],
  [['--quiet=yes'], 'main: `--quiet` must be given without a value; got "yes"'],
  [
    ['--size', '0'],
    'main: `--size` must be a duration > 0 such as 500ms, 30s, 5m or 1h, a century at most; got "0"',
  ],
  [['--size', '5 parsecs'], 'main: `--size` must be a duration > 0'],
  [['--size', 'NaN'], 'main: `--size` must be a duration > 0'],
  [['--out-of-orderness', '-1m'], 'main: `--out-of-orderness` must be a duration >= 0'],
  [['--within', '1e3'], 'main: `--within` must be a duration >= 0'],
  [['--allowed-lateness', '99999999999999999'], 'main: `--allowed-lateness` must be a duration'],
  [['--max-future-skew', 'soon'], 'main: `--max-future-skew` must be a duration >= 0'],
  [['--rate', '0'], 'main: `--rate` must be a number > 0, or max; got "0"'],
  [['--rate', 'fast'], 'main: `--rate` must be a number > 0, or max; got "fast"'],
  [['--checkpoint-every', '0'], 'main: `--checkpoint-every` must be a duration > 0'],
  [
    ['--checkpoint-every-events', '1.5'],
    'main: `--checkpoint-every-events` must be a whole number >= 1',
  ],
  [['--table', 'a b'], 'main: `--table` must be letters, digits and _'],
  [['--table', '1; drop table x'], 'main: `--table` must be letters, digits and _'],
  [
    ['--store', 'disk'],
    'main: `--store` must be pglite:DIR, pglite:, file:DIR, postgres://HOST:PORT/DB, redis://HOST:PORT/DB or memory:; got "disk"',
  ],
  [
    ['--store', 'file:'],
    'main: `--store` must be pglite:DIR, pglite:, file:DIR, postgres://HOST:PORT/DB, redis://HOST:PORT/DB or memory:; got',
  ],
  [['--generate', '-1'], 'main: `--generate` must be a whole number >= 0; got "-1"'],
  [['--generate', '1e3'], 'main: `--generate` must be a whole number >= 0; got "1e3"'],
  [['--users', '5'], 'main: `--users` must be given together with `--generate`; got "5"'],
  [['--generate', '1', '--users', '0'], 'main: `--users` must be a whole number >= 1; got "0"'],
  [['--generate', '1', '--skew', '1.1'], 'main: `--skew` must be a share from 0 to 1; got "1.1"'],
  [['--generate', '1', '--start', 'now'], 'main: `--start` must be an instant such as'],
  [['--generate', '1', '--events', 'x'], 'main: `--events` must be left out when `--generate`'],
  [
    ['--events', '/nowhere/x'],
    'main: `--events` must be a file that can be read; got "/nowhere/x"',
  ],
  [['--profiles', '/tmp'], 'main: `--profiles` must be a file that can be read; got "/tmp"'],
  [
    ['--events', '-', '--profiles', '-'],
    'main: `--profiles` must be a file while another input is',
  ],
  [['--out', '/nowhere/x'], 'main: `--out` must be a file that can be written; got "/nowhere/x"'],
  [['--summary', '/tmp'], 'main: `--summary` must be a file that can be written; got "/tmp"'],
  [['--rejected', '/nowhere/x'], 'main: `--rejected` must be a file that can be written'],
  [['--late', '/nowhere/x'], 'main: `--late` must be a file that can be written'],
  [['--sliding', '/nowhere/x'], 'main: `--sliding` must be a file that can be written'],
  [['--out', '-', '--summary', '-'], 'main: `--summary` must be another file than that of `--out`'],
  [
    ['--kafka', 'localhost:9092'],
    'main: `--kafka` must be left out until reading from Kafka is built; got "localhost:9092"',
  ],
  [['--topic-events', 'x'], 'main: `--topic-events` must be left out until'],
  [['--topic-profiles', 'x'], 'main: `--topic-profiles` must be left out until'],
  [['--group', 'x'], 'main: `--group` must be left out until'],
  [['--until-end'], 'main: `--until-end` must be left out until'],
  [
    ['--standby'],
    'main: `--standby` must be left out for a store of this process alone; got "pglite:"',
  ],
  [
    ['--standby', '--store=memory:'],
    'main: `--standby` must be left out for a store of this process alone; got "memory:"',
  ],
  [['--dashboard'], 'main: `--dashboard` must be left out until the dashboard is built'],
  [
    ['--dashboard', '8080'],
    'main: `--dashboard` must be left out until the dashboard is built; got "8080"',
  ],
  [
    ['--store', 'postgres://u:s3cret@host/d?schema=a-b'],
    'main: `--store` must be an address whose schema is a name of letters, digits and _; got "postgres://…@host/d?schema=a-b"',
  ],
  [['--store', 'postgres://'], 'main: `--store` must be pglite:DIR, pglite:, file:DIR, postgres'],
])('%j is refused in one sentence', (argv, expected) => {
  const message = sentence(...argv);
  expect(message.startsWith(expected)).toBe(message !== 'taken' || message);
  expect(message).not.toContain('\n');
});

it.each([
  ...[
    'hid/denPW',
    'hid#denPW',
    'hid?denPW',
    'hid@den/PW',
    'hid%denPW',
    '12#denPW',
    '12/denPW',
    '12?denPW',
  ],
])(
  'a password like %j that is not encoded is refused in one sentence, and not printed',
  (secret) => {
    for (const scheme of ['postgres', 'redis']) {
      for (const user of ['u', '']) {
        const message = sentence('--store', `${scheme}://${user}:${secret}@h:1/0`);
        expect(message).toMatch(
          /^main: `--store` must be an address with a port up to 65535, whose user and password have %40/,
        );
        expect(message).toMatch(new RegExp(`; got "${scheme}://…@h:1/0"$`));
      }
    }
  },
);

it.each([
  ['postgres://u:hidPW', 'postgres://…'],
  ['postgres:u:hidPW@h/d', 'postgres:…@h/d'],
  ['postgres:u:hidPW', 'postgres:…'],
  ['redis://:hidPW', 'redis://…'],
  ['mysql://u:hid/PW@h/d', 'mysql://…@h/d'],
  ['postgres//u:hidPW@h/d', 'postgres//…@h/d'],
  ['u:hidPW@h/d', 'u:…@h/d'],
  ['mysql://h/d?password=hidPW&x=1', 'mysql://h/d?password=…&x=1'],
])('of %j no password is printed', (text, shown) => {
  expect(sentence('--store', text)).toMatch(/^main: `--store` must be /);
  expect(sentence('--store', text).split('; got ')[1]).toBe(JSON.stringify(shown));
});

it('an address of Redis has a number as its database, and a prefix of plain letters', () => {
  for (const end of ['abc', '-1', '1.5', '0?db=x'])
    expect(sentence('--store', `redis://h/${end}`)).toMatch(
      /must be an address whose database is a number/,
    );
  for (const prefix of ['a b', 'a{b}', ''])
    expect(sentence('--store', `redis://h/0?prefix=${prefix}`)).toMatch(
      /whose prefix is of letters/,
    );
  expect(sentence('--store', 'redis://h')).toBe('taken');
  expect(sentence('--store', 'redis://:p%40%2Fw@h/?prefix=a-b')).toBe('taken');
});

it('a mode of TLS that the client takes for another goes by the name of that', () => {
  for (const mode of ['prefer', 'require', 'verify-ca']) {
    expect(readMainOptions([`--store=postgres://u:p%2Fw@h/d?sslmode=${mode}`])?.store).toEqual({
      kind: 'postgres',
      url: 'postgres://u:p%2Fw@h/d?sslmode=verify-full',
    });
  }
  for (const url of [
    'postgres://h/d?sslmode=disable',
    'postgres://h/d?uselibpqcompat=true&sslmode=require',
  ])
    expect(readMainOptions([`--store=${url}`])?.store).toEqual({ kind: 'postgres', url });
});

it('an output is no input, and no two outputs are one file', () => {
  const path = file();
  expect(sentence('--events', path, '--out', path)).toMatch(/another file than that of `--events`/);
  expect(sentence('--out', path, '--late', path)).toMatch(/another file than that of `--out`/);
  expect(sentence('--out', '/dev/null', '--late', '/dev/null')).toBe('taken');
});

it('a password in an address is never printed', () => {
  const message = sentence('--store', 'postgrss://user:s3cret@host/db');
  expect(message).toContain('host/db');
  expect(message).not.toMatch(/s3cret|user:/);
});
