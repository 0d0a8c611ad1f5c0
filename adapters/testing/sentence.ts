/** A difference in plain words: which lane, where, what. */
import type { Difference } from './diff.js';
import { differenceText } from './differing.js';
import type { Message } from './message.js';
import { errorText, show, timeText } from './show.js';
import { missedFields, type Wanted } from './wanted.js';

/** What the words are made with. */
export interface Wording {
  readonly head: string;
  readonly epoch: number;
  /** What came before the difference, for duplicates and broken promises. */
  readonly before: readonly Message[];
  token(thing: Message | Wanted): string;
}

/** `out, frame 3: the event x@4 is missing`. */
export function sentence(d: Difference, words: Wording): string {
  const wanted = d.kind === 'extra' ? undefined : d.wanted;
  const where = wanted?.fact === undefined ? `frame ${d.frame}` : `fact ${d.index + 1}`;
  return `${words.head}, ${where}: ${what(d, words)}${hint(d, words)}`;
}

function what(d: Difference, words: Wording): string {
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
      return moved(d.wanted, d.got, d.more, words);
    case 'changed':
      return changed(d.wanted, d.got, words);
    case 'replaced':
      return `expected ${nameOf(d.wanted, words)}, but ${came(d.got, words)}`;
  }
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

function moved(w: Wanted, got: Message, more: number, words: Wording): string {
  const by = got.frame - (w.frame ?? got.frame);
  const frames = `${Math.abs(by)} ${Math.abs(by) === 1 ? 'frame' : 'frames'}`;
  const name = nameOf(w, words);
  const rest = more > 0 ? `, and so is all that follows (${more} more)` : '';
  if (by > 0) return `${name} is delayed by ${frames}, to frame ${got.frame}${rest}`;
  return `${name} is ${frames} too early, expected at frame ${w.frame}${rest}`;
}

function changed(w: Wanted, got: Message, words: Wording): string {
  const text = fieldTexts(w, got, words);
  switch (w.kind) {
    case 'event':
    case 'value':
      return `expected ${words.token(w)}, received ${words.token(got)}: ${text}`;
    case 'error':
      return `the stream fails with another error: ${text}`;
    default:
      return `${text}`;
  }
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
    case 'timestamp': {
      const what = w.kind === 'watermark' ? 'the watermark is W' : 'the event time is ';
      const to = w.kind === 'watermark' ? 'W' : '';
      return `${what}${timeText(got, words.epoch)} instead of ${to}${timeText(e, words.epoch)}`;
    }
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

function nameOf(thing: Message | Wanted, words: Wording): string {
  const kind = thing.kind === 'event' && words.token(thing).startsWith('-') ? 'op' : thing.kind;
  if (kind === 'complete') return 'the completion';
  if (kind === 'error') return 'the error';
  const token = words.token(thing);
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
