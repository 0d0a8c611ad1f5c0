/** What a broken law says: the order of arrival as marbles, the results of both orders, how to replay it. */
import type { Late } from '../../../lib/doors.js';
import { isElement } from '../../../lib/element.js';
import { formatInstant } from '../../../lib/instant.js';
import { errorText, show, timeText } from '../report/show.js';
import type { Message } from '../script/message.js';
import { letterAt } from '../script/printNames.js';
import { Script } from '../script/script.js';
import { printSpan } from '../script/times.js';
import type { Difference, Result } from './outcome.js';

export interface Arrival {
  readonly event: unknown;
  readonly time: number;
  /** Its place in event-time order. */
  readonly place: number;
}

interface Story {
  /** The smallest order that breaks the law. */
  readonly arrivals: readonly Arrival[];
  /** The watermarks that were sent after each arrival. */
  readonly marks: readonly (number | undefined)[] | undefined;
  /** Of how many events the smallest order is made. */
  readonly total: number;
  readonly boundMs: number;
  readonly expected: readonly Result[];
  readonly got: readonly Result[];
  readonly difference: Difference | undefined;
  readonly replay: { readonly seed: number; readonly path: string };
}

/** More results than this are left out, those first that both orders give. */
const SHOWN = 20;
/** Times closer to 1970 than this are no calendar times. */
const CALENDAR = 10_000_000_000;
const HOUR = 3_600_000;

/** The text of the failure, and its two lists of results. */
export function tellDifference(story: Story) {
  const epoch = epochOf(story.arrivals);
  const { missing = [], extra = [], at } = story.difference ?? {};
  const moved = (list: readonly Result[]) => (at === undefined ? [] : list.slice(at));
  const expected = list(
    story.expected,
    new Set([...missing, ...moved(story.expected)]),
    '−',
    epoch,
  );
  const got = list(story.got, new Set([...extra, ...moved(story.got)]), '+', epoch);
  const { seed, path } = story.replay;
  const text = [
    `assertSameUnderAnyArrival: ${headline(story)}`,
    '',
    `${sizeOf(story)}${epoch === 0 ? '' : `, times from ${formatInstant(epoch)} on`}:`,
    '',
    marblesOf(story, epoch),
    '',
    'in event-time order:',
    expected,
    `in this order${at === undefined ? ` (${missing.length} missing, ${extra.length} extra)` : ''}:`,
    got,
    '',
    `To replay it, give the options { seed: ${seed}, path: '${path}' }.`,
  ].join('\n');
  return { text, expected, got };
}

function headline({ arrivals, difference }: Story): string {
  const inOrder = arrivals.every((a, i) => a.place >= (arrivals[i - 1]?.place ?? -1));
  if (inOrder || difference === undefined) {
    return 'two runs of one order give different results; does the pipeline keep state outside of its function?';
  }
  if (difference.at === undefined) return 'the results depend on the order of arrival';
  return `the results leave in another order from number ${difference.at + 1} on`;
}

function sizeOf({ arrivals, total, boundMs }: Story): string {
  const all = arrivals.length === total;
  const what = all ? `all ${total} events` : `${arrivals.length} of ${total} events`;
  return `The smallest order that breaks it, ${what}, none more than ${printSpan(boundMs)} behind a newer one`;
}

/* Small times are as written; among calendar times, those of the first hour begin at 0. */
function epochOf(arrivals: readonly Arrival[]): number {
  const least = Math.min(...arrivals.map((a) => a.time));
  return Math.abs(least) < CALENDAR ? 0 : Math.floor(least / HOUR) * HOUR;
}

function marblesOf({ arrivals, marks }: Story, epoch: number): string {
  const letters = lettersOf(arrivals);
  const messages = arrivals.flatMap(({ event, time, place }, frame): Message[] => {
    const name = letters.get(place) as string;
    const sent: Message = { kind: 'event', frame, name, value: event, timestamp: time };
    const w = marks?.[frame];
    return w === undefined ? [sent] : [sent, { kind: 'watermark', frame, timestamp: w }];
  });
  messages.push({ kind: 'complete', frame: arrivals.length });
  const lanes = Script.of(messages, { epoch }).toLanes({ unit: unitOf(arrivals, epoch) });
  const byPlace = arrivals.toSorted((x, y) => x.place - y.place);
  const legend = new Map(byPlace.map((a) => [letters.get(a.place) as string, a.event]));
  const stands = (x: unknown) => show(isElement(x) && x.kind === 'event' ? x.value : x, epoch);
  const lines = [...lanes.split('\n'), '', ...[...legend].map(([n, x]) => `${n} = ${stands(x)}`)];
  return lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n');
}

/* Named in event-time order, so that disorder is to be seen; an event that arrives twice has one letter. */
function lettersOf(arrivals: readonly Arrival[]): Map<number, string> {
  const letters = new Map<number, string>();
  const names = new Map<unknown, { readonly time: number; readonly name: string }>();
  let n = 0;
  for (const { event, time, place } of arrivals.toSorted((x, y) => x.place - y.place)) {
    let letter = names.get(event);
    if (letter?.time !== time) {
      letter = { time, name: letterAt(n) };
      names.set(event, letter);
      n++;
    }
    letters.set(place, letter.name);
  }
  return letters;
}

/* The greatest unit in which all times are whole. */
function unitOf(arrivals: readonly Arrival[], epoch: number): number {
  const units = [24 * HOUR, HOUR, 60_000, 1000];
  return units.find((unit) => arrivals.every((a) => (a.time - epoch) % unit === 0)) ?? 1;
}

function list(
  results: readonly Result[],
  marked: ReadonlySet<Result>,
  mark: string,
  epoch: number,
): string {
  const few = results.length <= SHOWN ? results : results.filter((r) => marked.has(r));
  const lines = few.slice(0, SHOWN).map((r) => `  ${marked.has(r) ? mark : ' '} ${line(r, epoch)}`);
  const left = results.length - lines.length;
  if (results.length === 0) lines.push('    nothing');
  if (left > 0) lines.push(`    … and ${left} more`);
  return lines.join('\n');
}

function line({ from, value, timestamp, op }: Result, epoch: number): string {
  if (from === 'error') return `# ${errorText(value)}`;
  if (from === 'open') return 'no end';
  if (from === 'door') return `door: ${thing(value, epoch)}`;
  const text = `${op ?? ''}${show(value, epoch)}`;
  return timestamp === undefined ? text : `${text} @${timeText(timestamp, epoch)}`;
}

/* What a side door gets is told short. */
function thing(x: unknown, epoch: number): string {
  const { value, timestamp, reason } = (x ?? {}) as Partial<Late<unknown>>;
  if (typeof timestamp !== 'number') return show(x, epoch);
  const why = reason === undefined ? '' : ` (${reason})`;
  return `${show(value, epoch)} @${timeText(timestamp, epoch)}${why}`;
}
