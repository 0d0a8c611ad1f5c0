/** Inputs that are out to break a window: disorder, repeats, edges, ties, nasty names and broken lines. */
import fc from 'fast-check';

const NASTY = ['u1', '__proto__', 'constructor', 'toString', 'é', '\u{1f600}', '\uffff', ' '];
const IDS = ['e1', 'e2', 'e3', '__proto__', 'hasOwnProperty', 'ü'];
const PLANS = ['free', 'pro', 'valueOf'];
/** Around the epoch, before it, long before it, and lately. */
const BASES = [0, -1, -86_400_000, -2_208_988_800_000, 1_431_857_100_000];

export interface Hostile {
  readonly events: string;
  readonly profiles: string;
}

/* A time near an edge of the windows, or anywhere in a span of some windows. */
function times(base: number, sizeMs: number): fc.Arbitrary<number> {
  const edge = fc
    .tuple(fc.integer({ min: -6, max: 6 }), fc.integer({ min: -1, max: 1 }))
    .map(([k, d]) => Math.floor(base / sizeMs + k) * sizeMs + d);
  const anywhere = fc.integer({ min: -6 * sizeMs, max: 6 * sizeMs }).map((d) => base + d);
  return fc.oneof(edge, anywhere, fc.constant(base));
}

/* The same instant, in one of the ways to write it. */
function written(ms: number, way: number): unknown {
  const zoned = (minutes: number, sign: string) =>
    new Date(ms + minutes * 60_000).toISOString().replace('Z', sign);
  if (way === 0) return ms;
  if (way === 1) return new Date(ms).toISOString();
  if (way === 2) return zoned(330, '999+05:30');
  return zoned(-480, '-0800').replace('T', ' ');
}

const broken = fc.constantFrom(
  '',
  '  \r',
  '{',
  '[]',
  'null',
  '"x"',
  '{"user_id":"u1"}',
  '{"user_id":"","event_id":"e1","plan":"p","event_time":0,"value":1}',
  '{"user_id":"u1","event_id":"e1","plan":"","event_time":0,"value":null}',
  '{"user_id":"u1","event_id":"e9","plan":1,"event_time":0,"value":1e400}',
  '{"user_id":"u1","event_id":"e9","plan":null,"event_time":"1970-01-01T00:00:00","value":1}',
  '{"user_id":"u1","event_id":"e9","plan":"p","event_time":"5138-11-16T09:46:40Z","value":1}',
  '{"__proto__":{"user_id":"u1","event_id":"e9","event_time":0,"value":1}}',
);

function lines(line: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> {
  const any = fc.oneof({ weight: 9, arbitrary: line }, { weight: 1, arbitrary: broken });
  const ends = fc.constantFrom('\n', '\r\n');
  return fc.array(fc.tuple(any, ends), { maxLength }).map((all) => all.flat().join(''));
}

/** Events and profiles over a dozen windows of this size, most of them of few users. */
export function hostile(sizeMs: number): fc.Arbitrary<Hostile> {
  const way = fc.integer({ min: 0, max: 3 });
  const user = fc.oneof(fc.constantFrom(...NASTY), fc.constant('u1'));
  return fc.constantFrom(...BASES).chain((base) => {
    const time = fc.tuple(times(base, sizeMs), way).map(([ms, w]) => written(ms, w));
    const id = fc.oneof(fc.constantFrom(...IDS), fc.uuid());
    const value = fc.oneof(fc.integer({ min: -99, max: 99 }), fc.constantFrom(0.1, -0.2, 1e6, 0));
    const event = fc
      .record({ user_id: user, event_id: id, event_time: time, value })
      .map((row) => JSON.stringify(row));
    const profile = fc
      .record({ user_id: user, plan: fc.constantFrom(...PLANS), event_time: time })
      .map((row) => JSON.stringify(row));
    return fc.record({ events: lines(event, 60), profiles: lines(profile, 30) });
  });
}
