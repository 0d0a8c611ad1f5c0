/** Blocks of lanes: arrival, the event-time axis, watermarks, panes, doors and counters, a line each. */
import { Axis } from './axis.js';
import type { Message, PaneMessage, WatermarkMessage } from './message.js';
import {
  decodeName,
  eachFrame,
  type Reading,
  type ReadLane,
  readLane,
  readTime,
} from './reader.js';
import { MarbleSyntaxError } from './syntaxError.js';
import { parseSpan, parseTime } from './times.js';
import type { Cut, Range, Token } from './tokens.js';
import { HEADS } from './word.js';

const HEAD = /^[^\S\n]*(\S+)([^\n]*)$/gm;
const PANE = /^(?:(.*):)?(late|early|onTime)?\[([^,]*),([^,]*)\)(?:#(\d+))?$/;

/** What an expectation says: of the stream, of the panes in it, and of doors and counters by name. */
export interface ExpectedLanes {
  /** The stream; undefined where a block has no `out` lane. Watermarks of their own lane are merged in. */
  readonly main: readonly Message[] | undefined;
  /** Panes; undefined where there is no `panes` lane. */
  readonly panes?: readonly Message[];
  /** Doors and counters, by the head of their lane. */
  readonly others: ReadonlyMap<string, readonly Message[]>;
  /** Whether the watermarks stood in a lane of their own. */
  readonly watermarksApart: boolean;
}

interface Lane extends Range {
  readonly head: string;
  /** Where the head stands. */
  readonly at: number;
}

/**
 * Whether the text has lanes: one of its lines begins with a head. An `event` lane alone is none,
 * so that a line may begin with a value of that name.
 */
export function isBlock(text: string): boolean {
  const heads = [...text.matchAll(HEAD)].map(([, head = '']) => head);
  return heads.some((head) => HEADS.has(head)) && (heads.length > 1 || heads[0] !== 'event');
}

export function readInputBlock(reading: Reading, unit: number): ReadLane {
  const lanes = lanesOf(reading.text);
  for (const { head, at } of lanes.values()) {
    if (head === 'arrival' || head === 'event' || head === 'watermarks') continue;
    const hint = 'a script has the lanes arrival, event and watermarks';
    throw new MarbleSyntaxError(reading.text, at, `\`${head}\` is no lane of a script; ${hint}`);
  }
  const axis = Axis.of(lanes.get('event'), reading, unit);
  const arrival = lanes.get('arrival');
  if (arrival === undefined) throw lacking(reading.text, 'arrival');
  const main = readLane(arrival, reading, { ...(axis && { timeOf: (l) => axis.timeOf(l) }) });
  const marks = watermarksOf(lanes.get('watermarks'), reading);
  axis?.check();
  return {
    messages: marks ? merged(main.messages, marks.messages) : main.messages,
    frames: Math.max(main.frames, marks?.frames ?? 0),
  };
}

export function readExpectedBlock(reading: Reading, unit: number): ExpectedLanes {
  const lanes = lanesOf(reading.text);
  const axis = Axis.of(lanes.get('event'), reading, unit);
  const { out, arrival } = { out: lanes.get('out'), arrival: lanes.get('arrival') };
  if (out !== undefined && arrival !== undefined) {
    const problem = '`out` and `arrival` are the same lane; leave one of them out';
    throw new MarbleSyntaxError(reading.text, arrival.at, problem);
  }
  const lane = out ?? arrival;
  const marks = watermarksOf(lanes.get('watermarks'), reading);
  if (marks !== undefined && lane === undefined) throw lacking(reading.text, 'out');
  const main = lane && readLane(lane, reading, axis && { timeOf: (l) => axis.timeOf(l) }).messages;
  const others = new Map<string, readonly Message[]>();
  for (const [head, other] of lanes) {
    if (HEADS.has(head)) continue;
    const rules = { numbers: true, ...(axis && { timeOf: (l: Token) => timeBeside(axis, l) }) };
    others.set(head, readLane(other, reading, rules).messages);
  }
  axis?.check();
  const panes = lanes.get('panes');
  return {
    main: main && marks ? merged(main, marks.messages) : main,
    ...(panes && { panes: panesOf(panes, reading) }),
    others,
    watermarksApart: marks !== undefined,
  };
}

/* The numbers of a counter have no event time. */
function timeBeside(axis: Axis, letter: Token): number | undefined {
  return /^\d+$/.test(letter.text) ? axis.find(letter.text) : axis.timeOf(letter);
}

function lanesOf(text: string): ReadonlyMap<string, Lane> {
  const lanes = new Map<string, Lane>();
  for (const found of text.matchAll(HEAD)) {
    const [line, head = '', rest = ''] = found;
    const to = found.index + line.length;
    const from = to - rest.length;
    const lane = { text, head, at: from - head.length, from, to };
    if (lanes.has(head)) {
      throw new MarbleSyntaxError(text, lane.at, `a second \`${head}\` lane; write it in one line`);
    }
    lanes.set(head, lane);
  }
  return lanes;
}

function lacking(text: string, head: string): MarbleSyntaxError {
  const at = Math.max(0, text.search(/\S/));
  return new MarbleSyntaxError(text, at, `the block has no \`${head}\` lane; add one`);
}

/* Watermarks of a frame come after its events and before its end. */
function merged(main: readonly Message[], marks: readonly WatermarkMessage[]): Message[] {
  const all: Message[] = [];
  let i = 0;
  for (const m of main) {
    const ends = m.kind === 'complete' || m.kind === 'error';
    for (let w = marks[i]; w && w.frame < m.frame + (ends ? 1 : 0); w = marks[++i]) all.push(w);
    all.push(m);
  }
  return [...all, ...marks.slice(i)];
}

const timesCut: Cut = {
  pieces: /[()]|[^()]+/g,
  whole: (chunk) =>
    parseSpan(chunk) === undefined && parseTime(chunk.replace(/^W/, ''), 0) !== undefined,
};
const panesCut: Cut = {
  pieces: /[^\s()[\]]*\[[^\s()[\]]*\)(?:#\d+)?|[()]|[^()]+/g,
  whole: () => false,
};

function watermarksOf(lane: Lane | undefined, reading: Reading) {
  if (lane === undefined) return undefined;
  const messages: WatermarkMessage[] = [];
  const frames = eachFrame(lane, timesCut, (tokens, frame) => {
    for (const { text, at } of tokens) {
      const w = text.startsWith('W') ? 1 : 0;
      const timestamp = readTime(text.slice(w), at + w, reading);
      messages.push({ kind: 'watermark', frame, timestamp });
    }
  });
  return { messages, frames };
}

function panesOf(lane: Lane, reading: Reading): PaneMessage[] {
  const panes: PaneMessage[] = [];
  eachFrame(lane, panesCut, (tokens, frame) => {
    for (const token of tokens) panes.push({ frame, ...paneOf(token, reading) });
  });
  return panes;
}

function paneOf({ text, at }: Token, reading: Reading): Omit<PaneMessage, 'frame'> {
  const found = PANE.exec(text);
  const problem = `\`${text}\` is no pane; write [0,5), late[0,5)#1, early[0,5) or key:[0,5)`;
  if (found === null) throw new MarbleSyntaxError(reading.text, at, problem);
  const [, key, timing = 'onTime', from = '', to = '', index] = found;
  const begin = at + text.lastIndexOf('[') + 1;
  const start = readTime(from, begin, reading);
  const end = readTime(to, begin + from.length + 1, reading);
  if (start >= end) {
    throw new MarbleSyntaxError(reading.text, begin, 'a window ends after its start; write [0,5)');
  }
  return {
    kind: 'pane',
    timing: timing as PaneMessage['timing'],
    start,
    end,
    ...(index !== undefined && { index: Number(index) }),
    ...(key !== undefined && { key: decodeName(key, at, reading.text) }),
  };
}
