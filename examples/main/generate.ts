/**
 * Synthetic events and profiles. Line i is a function of the seed and i alone, so a million lines take
 * no more memory than one, and a restart goes on exactly from a number.
 */
import type { GenerateOptions } from './options.js';

/** How often a user's profile is written, in event time. */
const PROFILE_EVERY_MS = 600_000;
/** How far back a repeated line is looked for. */
const RECENT = 200;
const PLANS = ['free', 'basic', 'pro', 'team'];

/** What is drawn for a line; each its own stream of numbers. */
enum Draw {
  User,
  Hot,
  Value,
  Late,
  Behind,
  Repeat,
  Back,
  Cut,
  Plan,
}

export interface SyntheticLines {
  readonly count: number;
  readonly lineAt: (index: number) => string;
}

/** `{ user_id, event_id, event_time, value }`, evenly over the span, disordered, some repeated, some cut. */
export function syntheticEvents(o: GenerateOptions): SyntheticLines {
  const random = randoms(o.seed, 1);
  const repeats = (i: number) => i > 0 && random(i, Draw.Repeat) < o.dupShare;
  const original = (i: number) =>
    repeats(i) ? i - 1 - Math.floor(random(i, Draw.Back) * Math.min(i, RECENT)) : i;
  const content = (i: number) => {
    const hot = o.skew > 0 && random(i, Draw.Hot) < o.skew;
    const user = hot ? 0 : Math.floor(random(i, Draw.User) * o.users);
    const time = o.startMs + Math.floor((i * o.spanMs) / o.count) - behind(o, random, i);
    const value = Math.floor(random(i, Draw.Value) * 100_000) / 100;
    return `{"user_id":"u${user}","event_id":"e${i}","event_time":${timeText(time)},"value":${value}}`;
  };
  return { count: o.count, lineAt: (i) => cut(o, random, i, content(original(i))) };
}

/** `{ user_id, plan, event_time }`: each user's first ten minutes before the start, then every ten minutes. */
export function syntheticProfiles(o: GenerateOptions): SyntheticLines {
  const random = randoms(o.seed, 2);
  const rounds = 1 + Math.ceil(o.spanMs / PROFILE_EVERY_MS);
  const stepMs = PROFILE_EVERY_MS / o.users;
  const lineAt = (i: number) => {
    const user = i % o.users;
    const even = o.startMs - PROFILE_EVERY_MS + Math.floor(i * stepMs);
    const plan = PLANS[Math.floor(random(i, Draw.Plan) * PLANS.length)];
    const time = timeText(even - behind(o, random, i));
    return cut(o, random, i, `{"user_id":"u${user}","plan":"${plan}","event_time":${time}}`);
  };
  return { count: o.count === 0 ? 0 : rounds * o.users, lineAt };
}

type Random = (index: number, draw: Draw) => number;

function behind(o: GenerateOptions, random: Random, i: number): number {
  const most = random(i, Draw.Late) < o.lateShare ? o.lateByMs : o.disorderMs;
  return Math.floor(random(i, Draw.Behind) * (most + 1));
}

function cut(o: GenerateOptions, random: Random, i: number, line: string): string {
  const cuts = o.malformedShare > 0 && random(i, Draw.Cut) < o.malformedShare;
  return cuts ? line.slice(0, line.length >> 1) : line;
}

function timeText(ms: number): string {
  const date = new Date(ms);
  const year = date.getUTCFullYear();
  return year >= 0 && year <= 9999 ? `"${date.toISOString()}"` : String(ms);
}

/* A hash instead of a generator: number i needs none of those before it. Mixer: MurmurHash3's finaliser. */
function randoms(seed: number, stream: number): Random {
  const low = mix(seed | 0, stream);
  const base = mix(low, Math.floor(seed / 2 ** 32) | 0);
  return (index, draw) => {
    const high = Math.floor(index / 2 ** 32) | 0;
    return (mix(mix(base ^ (index | 0), high + draw), draw) >>> 0) / 2 ** 32;
  };
}

function mix(h: number, k: number): number {
  let x = (h ^ Math.imul(k + 0x9e3779b9, 0xcc9e2d51)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
