/** A difference in plain words: which lane, where, what. */
import { formatInstant } from '../../../lib/instant.js';
import type { Message } from '../script/message.js';
import { printSpan } from '../script/times.js';
import type { Difference } from './diff.js';
import { differenceText } from './differing.js';
import { errorText, show, timeText } from './show.js';
import { missedFields, type Wanted } from './wanted.js';

const MINUTE = 60_000;

/** What the words are made with. */
interface Wording {
  readonly head: string;
  readonly epoch: number;
  /** What came before the difference, for duplicates and broken promises. */
  readonly before: readonly Message[];
  /** Each message says what a counter has become. */
  readonly sampled: boolean;
  token(thing: Message | Wanted): string;
}

/** `out, frame 3: the event x@4 is missing`. */
export function sentence(d: Difference, words: Wording): string {
  const wanted = d.kind === 'extra' ? undefined : d.wanted;
  const where = wanted?.fact === undefined ? `frame ${d.frame}` : `fact ${d.index + 1}`;
  return `${words.head}, ${where}: ${what(d, words)}${hint(d, words)}`;
}

function what(d: Difference, words: Wording): string {
  if (words.sampled) return sampled(d, words);
  switch (d.kind) {
    case 'missing':
      return `${missing(d.wanted, words)}${instead(d.wanted, d.instead, words)}`;
    case 'extra':
      return `${extra(d.got, words)}${similar(d.got, d.instead, words)}`;
    case 'reordered': {
      const [w, got] = [words.token(d.wanted), words.token(d.got)];
      return `wrong order: ${got} came before ${w}, expected ${w} first`;
    }
    case 'moved':
      return moved(d, words);
    case 'changed':
      return changed(d.wanted, d.got, words);
    case 'replaced':
      return `expected ${nameOf(d.wanted, words)}, but ${came(d.got, words)}`;
  }
}

/* What a counter is in the frame of the difference, and what it should be. */
function sampled(d: Difference, words: Wording): string {
  const last = words.before.at(-1);
  const stay = last === undefined ? '0' : words.token(last);
  const wanted =
    d.kind === 'extra' || d.wanted.frame !== d.frame ? undefined : words.token(d.wanted);
  const got = d.kind === 'missing' || d.got.frame !== d.frame ? undefined : words.token(d.got);
  const is = got === undefined ? `stays ${stay}` : `is ${got}`;
  return `it ${is}, expected ${wanted ?? `it to stay ${stay}`}`;
}

function missing(w: Wanted, words: Wording): string {
  if (w.kind === 'complete') return 'the stream does not complete';
  if (w.kind === 'error') return 'the stream does not fail, but should';
  return `${nameOf(w, words)} is missing`;
}

function instead(w: Wanted, got: Message | undefined, words: Wording): string {
  if (got === undefined) return '';
  const at = got.frame === w.frame ? '' : ` at frame ${got.frame}`;
  return `; ${words.token(got)} came instead${at}: ${fieldTexts(w, got, words)}`;
}

function extra(got: Message, words: Wording): string {
  if (got.kind === 'complete') return 'the stream completes, but should not yet';
  if (got.kind === 'error') return `the stream fails, but should not: ${errorText(got.error)}`;
  return `${nameOf(got, words)} was not expected`;
}

function similar(got: Message, w: Wanted | undefined, words: Wording): string {
  if (w === undefined) return '';
  const at = w.frame === undefined ? '' : ` at frame ${w.frame}`;
  return `; ${words.token(w)} is expected${at}: ${fieldTexts(w, got, words)}`;
}

function moved(d: Difference & { readonly kind: 'moved' }, words: Wording): string {
  const { wanted, got, more, overtaken } = d;
  const by = got.frame - (wanted.frame ?? got.frame);
  const frames = `${Math.abs(by)} ${Math.abs(by) === 1 ? 'frame' : 'frames'}`;
  const rest = more > 0 ? `, and so is all that follows (${more} more)` : '';
  const name = nameOf(wanted, words);
  if (by > 0) return `${name} is delayed by ${frames}, to frame ${got.frame}${rest}`;
  const early = `is ${frames} too early, expected at frame ${wanted.frame}${rest}`;
  if (overtaken === undefined || overtaken.kind !== 'event') return `${name} ${early}`;
  if (wanted.kind === 'complete') return `${name}, before ${words.token(overtaken)}, ${early}`;
  return `${name} overtakes ${words.token(overtaken)}: it ${early}`;
}

function changed(w: Wanted, got: Message, words: Wording): string {
  const text = fieldTexts(w, got, words);
  switch (w.kind) {
    case 'event':
    case 'value':
    case 'pane':
      return `expected ${words.token(w)}, received ${words.token(got)}${because(w, got, words)}`;
    case 'error':
      return `the stream fails with another error: ${text}`;
    default:
      return `${text}`;
  }
}

/* Nothing where the letters say it themselves. */
function because(w: Wanted, got: Message, words: Wording): string {
  const missed = missedFields(w, got);
  const [name, e] = missed[0] ?? [];
  const g = 'value' in got ? got.value : undefined;
  const plain =
    missed.length === 1 && name === 'value' && isSelf(e, w, words) && isSelf(g, got, words);
  return plain ? '' : `: ${fieldTexts(w, got, words)}`;
}

function isSelf(value: unknown, thing: Message | Wanted, words: Wording): boolean {
  const simple = typeof value === 'string' || typeof value === 'number';
  return simple && words.token(thing).split('@')[0] === String(value);
}

function came(got: Message, words: Wording): string {
  if (got.kind === 'complete') return 'the stream completes';
  if (got.kind === 'error') return `the stream fails: ${errorText(got.error)}`;
  return `${nameOf(got, words)} came`;
}

/* Each field that is not as wanted: `event time 5 instead of 4`. */
function fieldTexts(w: Wanted, got: Message, words: Wording): string {
  const all = got as unknown as Readonly<Record<string, unknown>>;
  const texts = missedFields(w, got).map(([name, e]) => fieldText(name, e, all[name], w, words));
  return texts.join('; and ');
}

function fieldText(name: string, e: unknown, got: unknown, w: Wanted, words: Wording): string {
  switch (name) {
    case 'value':
      return differenceText(e, got);
    case 'timestamp':
      return timeDifference(e, got, w, words.epoch);
    case 'op':
      return got === '-' ? 'it is a withdrawal, expected none' : 'it is no withdrawal';
    case 'error':
      return `${errorText(got)} instead of ${errorText(e)}`;
    case 'frame':
      return `it came at frame ${got}, expected ${show(e)}`;
    case 'n':
      return `barrier ${got} instead of barrier ${show(e)}`;
    default:
      return `the ${name} is ${show(got)} instead of ${show(e)}`;
  }
}

function timeDifference(e: unknown, got: unknown, w: Wanted, epoch: number): string {
  const [prefix, is] =
    w.kind === 'watermark' ? ['W', 'the watermark is'] : ['', 'the event time is'];
  const text = (t: unknown): string => {
    const short = timeText(t, epoch);
    const relative = epoch !== 0 && Number.isFinite(t) && !short.endsWith('Z');
    return `${prefix}${short}${relative ? ` (${formatInstant(t as number)})` : ''}`;
  };
  return `${is} ${text(got)} instead of ${text(e)}${timeHint(Number(e), Number(got))}`;
}

/* What times that are wrong in a known way have in common. */
function timeHint(expected: number, got: number): string {
  const apart = Math.abs(got - expected);
  if (!Number.isFinite(apart) || Math.abs(expected) < 1e9) return '';
  if (Math.abs(got * 1000 - expected) < 1000) return '; seconds taken for milliseconds?';
  const quarters = apart / (15 * MINUTE);
  const zone = Number.isInteger(quarters) && quarters > 0 && quarters <= 14 * 4;
  return zone ? `; ${printSpan(apart)} apart: a time zone?` : '';
}

function nameOf(thing: Message | Wanted, words: Wording): string {
  const kind = thing.kind === 'event' && words.token(thing).startsWith('-') ? 'op' : thing.kind;
  if (kind === 'complete') return 'the completion';
  if (kind === 'error') return 'the error';
  const token = words.token(thing);
  if ('fields' in thing && thing.fact !== undefined) return token;
  return kind === 'barrier' || kind === 'restore' ? `the ${token}` : `the ${NOUNS[kind]} ${token}`;
}

const NOUNS: Readonly<Record<string, string>> = {
  event: 'event',
  op: 'withdrawal',
  value: 'value',
  watermark: 'watermark',
  status: 'status',
  splits: 'declaration',
  unsubscribe: 'end of subscription',
  pane: 'pane',
};

/* What a person who knows event time would say to it. */
function hint(d: Difference, words: Wording): string {
  const got = 'got' in d ? d.got : undefined;
  const w = words.before.findLast((m) => m.kind === 'watermark');
  const time = (t: number): string => `W${timeText(t, words.epoch)}`;
  if (got?.kind === 'watermark' && w !== undefined && got.timestamp < w.timestamp) {
    return ` (a watermark must not go back: ${time(w.timestamp)} came before)`;
  }
  if (d.kind === 'reordered' && got?.kind === 'watermark' && d.wanted.kind === 'event') {
    return ' (a watermark leaves after all that it releases)';
  }
  if (d.kind !== 'extra' || got?.kind !== 'event') return '';
  const token = words.token(got);
  const twin = words.before.findLast((m) => m.kind === 'event' && words.token(m) === token);
  if (twin !== undefined) return ` (the same came at frame ${twin.frame})`;
  const behind = w !== undefined && got.timestamp <= w.timestamp;
  return behind ? ` (it is behind ${time(w.timestamp)}: late for all that follow)` : '';
}
