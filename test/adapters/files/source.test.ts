/** Facts about line sources: what is read, what is rejected, and where they stand. */
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type Damage, fromNdjson, ndjsonSource, type RejectedLine } from 'tidemark/files';
import { cleanScratch, run, scratchFile } from './scratch.js';

afterAll(cleanScratch);

const decode = (o: Readonly<Record<string, unknown>>) =>
  typeof o['v'] === 'number' ? { ok: o['v'] } : { invalid: '`v` must be a number' };

async function read(content: string | Uint8Array, name = 'in.ndjson') {
  const rejected: RejectedLine[] = [];
  const damages: Damage[] = [];
  const path = scratchFile(name, content);
  const source = ndjsonSource({
    path,
    decode,
    rejected: (r) => rejected.push(r),
    damaged: (d) => damages.push(d),
  });
  const r = await run(source);
  return { ...r, rejected, damages, counts: r.position as Record<string, unknown> };
}

const reasons = (rejected: RejectedLine[]) => rejected.map((r) => [r.line, r.kind, r.reason]);

describe('lines', () => {
  it('blank lines are skipped, not counted, and keep their number', async () => {
    const r = await read('{"v":1}\n\n \t\r\n{"v":2}\r\nx\n');
    expect(r.values).toEqual([1, 2]);
    expect(r.counts).toMatchObject({ lines: 3, malformed: 1, invalid: 0, finished: true });
    expect(reasons(r.rejected)).toEqual([[5, 'malformed', 'not JSON']]);
  });

  it('the last line counts without a newline, and a byte order mark is no part of the first', async () => {
    expect((await read('\ufeff{"v":1}\n{"v":2}')).values).toEqual([1, 2]);
    expect((await read('{"v":1}\n\ufeff{"v":2}')).values).toEqual([1]);
  });

  it('an empty file gives nothing and finishes', async () => {
    expect((await read('')).counts).toMatchObject({ lines: 0, finished: true });
    expect((await read('', 'in.gz')).counts).toMatchObject({ lines: 0, finished: true });
  });

  it.each([
    ['[1]', 'malformed', 'not a JSON object'],
    ['null', 'malformed', 'not a JSON object'],
    ['"{}"', 'malformed', 'not a JSON object'],
    ['{"v":1', 'malformed', 'not JSON'],
    ['{"v":NaN}', 'malformed', 'not JSON'],
    ['{"w":1}', 'invalid', '`v` must be a number'],
    ['{"__proto__":{"v":1}}', 'invalid', '`v` must be a number'],
  ] as const)('%s is %s: %s', async (text, kind, reason) => {
    const r = await read(`${text}\n{"v":7}\n`);
    expect(r.values).toEqual([7]);
    expect(r.rejected).toEqual([{ line: 1, kind, reason, text }]);
  });

  it('bytes that are not UTF-8 make a line malformed, also inside a string, and no other line', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"v":1,"s":"é"}\n{"v":2,"s":"'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('"}\n{"v":3,"s":"\ufffd"}\n'),
    ]);
    const r = await read(bytes);
    expect(r.values).toEqual([1, 3]);
    expect(reasons(r.rejected)).toEqual([[2, 'malformed', 'not UTF-8']]);
  });

  it('a line of 1 MiB is read, and one byte more is invalid, whatever its encoding', async () => {
    const line = (bytes: number, fill: string) => {
      const rest = bytes - Buffer.byteLength('{"v":1,"s":""}');
      return `{"v":1,"s":"${fill.repeat(Math.floor(rest / Buffer.byteLength(fill)))}${'x'.repeat(rest % Buffer.byteLength(fill))}"}`;
    };
    const max = 1 << 20;
    for (const fill of ['x', 'é']) {
      const text = `${line(max, fill)}\r\n${line(max + 1, fill)}\n${line(5 * max, fill)}\n{"v":2}`;
      const r = await read(text);
      expect(r.values).toEqual([1, 2]);
      expect(reasons(r.rejected)).toEqual([
        [2, 'invalid', 'longer than 1 MiB'],
        [3, 'invalid', 'longer than 1 MiB'],
      ]);
      expect(r.rejected[0]?.text.length).toBeLessThan(300);
    }
  });

  it('nesting of 64 is read, and of 65 is invalid, as is a bomb of brackets', async () => {
    const nested = (depth: number) =>
      `{"v":1,"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    const r = await read(`${nested(64)}\n${nested(65)}\n${nested(400_000)}\n`);
    expect(r.values).toEqual([1]);
    expect(reasons(r.rejected)).toEqual([
      [2, 'invalid', 'nested deeper than 64'],
      [3, 'invalid', 'nested deeper than 64'],
    ]);
  });
});

describe('gzip', () => {
  const rows = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => `{"v":${from + i}}\n`).join('');
  const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

  it('members one after the other are one file, whatever the name', async () => {
    const bytes = Buffer.concat([gzipSync(rows(0, 9000)), gzipSync(rows(9000, 20_000))]);
    for (const name of ['in.ndjson.gz', 'in.ndjson']) {
      const r = await read(bytes, name);
      expect(r.values).toEqual(upTo(20_000));
      expect(r.damages).toEqual([]);
    }
  });

  it('a cut file gives all that can be inflated, then tells the damage', async () => {
    const whole = Buffer.from(rows(0, 50_000));
    const bytes = gzipSync(whole, { level: 0 });
    const r = await read(bytes.subarray(0, 300_000), 'in.gz');
    const complete = whole.subarray(0, 299_900).toString().split('\n').length - 1;
    expect(r.values.length).toBeGreaterThanOrEqual(complete);
    expect(r.values).toEqual(upTo(r.values.length));
    const line = r.values.length;
    expect(r.damages).toEqual([
      { input: expect.any(String), line, reason: 'unexpected end of file' },
    ]);
    expect(r.counts).toMatchObject({ lines: line + 1, malformed: 1, finished: true });
  });

  it('garbage after the end, or in the middle, costs nothing that stands before it', async () => {
    const tail = await read(
      Buffer.concat([gzipSync(rows(0, 20_000)), Buffer.from('garbage')]),
      'a.gz',
    );
    expect(tail.values).toEqual(upTo(20_000));
    expect(tail.damages[0]).toMatchObject({ line: 20_000, reason: 'incorrect header check' });
    const whole = rows(0, 50_000);
    const bytes = gzipSync(whole, { level: 0 });
    const stored = bytes.readUInt16LE(11);
    bytes[10 + 5 + stored] = 0xff;
    const middle = await read(bytes, 'b.gz');
    const complete = whole.slice(0, stored).split('\n').length - 1;
    expect(middle.values).toEqual(upTo(complete));
    expect(middle.damages).toHaveLength(1);
  });

  it('a file that is called .gz and is not gzip is damaged from the beginning', async () => {
    const r = await read(rows(0, 10), 'in.gz');
    expect(r.values).toEqual([]);
    expect(r.damages[0]).toMatchObject({ line: 0 });
  });

  it('damage without a door fails the source after everything that can be read', async () => {
    const path = scratchFile('in.gz', gzipSync(rows(0, 1000)).subarray(0, -4));
    const r = await run(ndjsonSource({ path, decode }));
    expect(r.values).toEqual(upTo(1000));
    expect(String(r.failure)).toMatch(/in\.gz is damaged after line 1000: unexpected end of file/);
  });
});

describe('turns and positions', () => {
  const lines = fc.array(
    fc.oneof(
      fc.integer({ min: 0, max: 999 }).map((v) => `{"v":${v}}`),
      fc.constantFrom(
        '',
        ' \r',
        'x',
        '{}',
        '{"v":5,"s":"é"}\r',
        `{"v":1,"s":"${'y'.repeat(400)}"}`,
      ),
    ),
    { minLength: 1, maxLength: 30 },
  );

  it.each(['plain', 'gz'])(
    'a %s file read on from any position gives the rest, with the same counts',
    async (kind) => {
      await fc.assert(
        fc.asyncProperty(lines, fc.nat(), fc.boolean(), async (all, cut, newline) => {
          const text = all.join('\n') + (newline ? '\n' : '');
          const path = scratchFile(`in.${kind}`, kind === 'gz' ? gzipSync(text) : text);
          const rejected: number[] = [];
          const source = ndjsonSource({ path, decode, rejected: (r) => rejected.push(r.line) });
          const whole = await run(source);
          const allRejected = rejected.splice(0);
          if (whole.values.length === 0) return;
          const stopAfter = 1 + (cut % whole.values.length);
          const first = await run(source, undefined, { stopAfter });
          const rest = await run(source, first.position);
          expect([...first.values, ...rest.values]).toEqual(whole.values);
          expect(rest.position).toEqual(whole.position);
          expect(rejected).toEqual(allRejected);
          const again = await run(source, rest.position);
          expect(again.values).toEqual([]);
          expect(again.position).toEqual(whole.position);
        }),
        { numRuns: 40 },
      );
    },
  );

  it('a pause inside an emission is the last word of that turn', async () => {
    const path = scratchFile('in', '{"v":1}\nx\n{"v":2}\n{"v":3}\n');
    const rejected: RejectedLine[] = [];
    const r = await run(
      ndjsonSource({ path, decode, rejected: (x) => rejected.push(x) }),
      undefined,
      {
        stopAfter: 1,
      },
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(r.values).toEqual([1]);
    expect(rejected).toEqual([]);
    expect(r.position).toMatchObject({ at: { offset: 8, line: 1 }, lines: 1 });
  });

  it('pausing and resuming inside every emission neither loses nor doubles a row', async () => {
    const path = scratchFile('in', Array.from({ length: 5000 }, (_, v) => `{"v":${v}}\n`).join(''));
    const r = await run(ndjsonSource({ path, decode }), undefined, {
      seen: (_, reader) => {
        reader.pause();
        reader.resume();
      },
    });
    expect(r.values).toEqual(Array.from({ length: 5000 }, (_, v) => v));
  });

  it('others get their turn at least every 1,000 lines', async () => {
    const path = scratchFile('in', Array.from({ length: 9999 }, (_, v) => `{"v":${v}}\n`).join(''));
    let since = 0;
    let most = 0;
    let ticking = true;
    const tick = () => {
      since = 0;
      if (ticking) setImmediate(tick);
    };
    tick();
    await run(ndjsonSource({ path, decode }), undefined, {
      seen: () => {
        most = Math.max(most, ++since);
      },
    });
    ticking = false;
    expect(most).toBeLessThanOrEqual(1000);
  });

  it('a position of another input, or of a longer file, is refused', async () => {
    const path = scratchFile('in', '{"v":1}\n{"v":2}\n');
    const { position } = await run(ndjsonSource({ path, decode }), undefined, { stopAfter: 2 });
    const other = scratchFile('other', '{"v":1}\n');
    expect(() => ndjsonSource({ path: other, decode }).open(position, {} as never)).toThrow(
      /the checkpoint is of .*in, this input is .*other/,
    );
    const shorter = ndjsonSource({ path: other, decode });
    const moved = { ...(position as object), input: other };
    expect(String((await run(shorter, moved)).failure)).toMatch(/shorter than it was/);
  });

  it('a file that is not there fails the source with its name', async () => {
    const r = await run(ndjsonSource({ path: '/nowhere/x', decode }));
    expect(String(r.failure)).toMatch(/\/nowhere\/x cannot be read: ENOENT/);
  });
});

describe('standard input and plain pipes', () => {
  it('standard input is read in whatever pieces it comes, gzip or not', async () => {
    const text = '{"v":1}\n{"v":2}\n{"v":3}';
    for (const bytes of [Buffer.from(text), gzipSync(text)]) {
      const stdin = Readable.from([
        bytes.subarray(0, 5),
        bytes.subarray(5, 11),
        bytes.subarray(11),
      ]);
      const r = await run(ndjsonSource({ path: '-', decode, stdin }));
      expect(r.values).toEqual([1, 2, 3]);
    }
  });

  it('fromNdjson completes with all rows, and unsubscribing in the middle stops it', async () => {
    const path = scratchFile('in', '{"v":1}\n{"v":2}\n{"v":3}\n');
    const all: number[] = [];
    await new Promise<void>((resolve, reject) => {
      fromNdjson({ path, decode }).subscribe({
        next: (v) => all.push(v),
        complete: resolve,
        error: reject,
      });
    });
    const two: number[] = [];
    await new Promise<void>((resolve) => {
      const subscription = fromNdjson({ path, decode }).subscribe((v) => {
        two.push(v);
        if (v === 2) {
          subscription.unsubscribe();
          setImmediate(() => setImmediate(resolve));
        }
      });
    });
    expect([all, two]).toEqual([
      [1, 2, 3],
      [1, 2],
    ]);
  });
});
