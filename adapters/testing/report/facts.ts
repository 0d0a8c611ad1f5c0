/** Facts: messages with fields left out, compared in order with what came. */
import { parseDuration } from '../../../lib/duration.js';
import type { Message, Values } from '../script/message.js';
import { type Time, timeOption } from '../script/times.js';
import { type Field, isMatcher } from './equality.js';
import type { Fact, Scene } from './scene.js';
import { show } from './show.js';
import type { Wanted } from './wanted.js';

/* What a fact can be about, each with the fields that may stand beside its own. */
const ABOUT: readonly (readonly [Message['kind'], readonly string[]])[] = [
  ['value', ['value']],
  ['event', ['event', 'time', 'value', 'split', 'op']],
  ['watermark', ['watermark']],
  ['status', ['status']],
  ['splits', ['splits']],
  ['barrier', ['barrier']],
  ['error', ['error']],
  ['complete', ['complete']],
];
const FIELDS = new Set(['at', ...ABOUT.flatMap(([, fields]) => fields)]);

/** What the facts want, one by one. @throws TypeError on a fact that names nothing, or fields that do not go together */
export function wantedFacts(facts: readonly Fact[], scene: Scene): readonly Wanted[] {
  return facts.map((fact, i) => {
    const unknown = Object.keys(fact ?? {}).find((name) => !FIELDS.has(name));
    if (unknown === undefined) return wantedFact(fact ?? {}, i, scene);
    const known = [...FIELDS].join(', ');
    throw wrong(i, `has the unknown field \`${unknown}\`; known are ${known}`);
  });
}

/** What is compared with facts: events, values and errors; other kinds where a fact names them. */
export function receivedFor(wanted: readonly Wanted[], received: readonly Message[]): Message[] {
  const kinds = new Set<Message['kind']>(['event', 'value', 'error']);
  for (const { kind } of wanted) kinds.add(kind);
  return received.filter((m) => kinds.has(m.kind));
}

function wantedFact(fact: Fact, i: number, scene: Scene): Wanted {
  const kind = kindOf(fact, i);
  const at = 'at' in fact ? arrivalOf(fact.at, i) : undefined;
  const arrival: Field[] = isMatcher(at) ? [['frame', at]] : [];
  const frame = typeof at === 'number' ? at : undefined;
  return { frame, kind, fields: [...arrival, ...substance(kind, fact, scene)], fact };
}

/* What the fact is about: every field of it but `at` belongs to that. */
function kindOf(fact: Fact, i: number): Message['kind'] {
  const names = Object.keys(fact).filter((name) => name !== 'at');
  const [kind] = ABOUT.find(([, all]) => names.every((n) => all.includes(n))) ?? [];
  const timed = 'event' in fact || 'time' in fact;
  if (kind === undefined) {
    const list = names.join(', ');
    throw wrong(i, `can be about one thing only; got ${list} in ${show(fact)}`);
  }
  if (names.length === 0 || (kind === 'event' && !timed)) {
    const list = 'event, value, watermark, status, splits, barrier, complete, error';
    throw wrong(i, `must name one of ${list}; got ${show(fact)}`);
  }
  if (kind === 'complete' && fact.complete !== true) {
    throw wrong(i, 'has a `complete` that is not true; leave the fact out');
  }
  return kind;
}

function arrivalOf(at: unknown, i: number): unknown {
  if (at === undefined || isMatcher(at)) return at;
  const frame = typeof at === 'string' ? parseDuration(at) : at;
  if (Number.isSafeInteger(frame) && (frame as number) >= 0) return frame;
  throw wrong(i, `has an \`at\` that is no frame: whole ms or such as '10m'; got ${show(at)}`);
}

function wrong(i: number, problem: string): TypeError {
  return new TypeError(`toEmit: fact ${i + 1} ${problem}`);
}

function substance(kind: Message['kind'], fact: Fact, scene: Scene): readonly Field[] {
  if (kind === 'event') return eventFields(fact, scene);
  if (kind === 'watermark') return [['timestamp', timeOf(fact.watermark, scene)]];
  if (kind === 'barrier') return [['n', fact.barrier]];
  if (kind === 'complete') return [];
  return [[kind, (fact as unknown as Values)[kind]]];
}

function eventFields(fact: Fact, scene: Scene): Field[] {
  const fields: Field[] = [['op', fact.op]];
  if ('time' in fact) fields.unshift(['timestamp', timeOf(fact.time, scene)]);
  if ('split' in fact) fields.push(['split', fact.split]);
  if ('value' in fact) fields.push(['value', fact.value]);
  else if ('event' in fact) fields.push(['value', letterOf(fact.event, scene.values)]);
  return fields;
}

function letterOf(x: unknown, values: Values): unknown {
  return typeof x === 'string' && Object.hasOwn(values, x) ? values[x] : x;
}

function timeOf(t: unknown, { epoch }: Scene): unknown {
  if (isMatcher(t)) return t;
  return timeOption('toEmit', 'time', t === 'MAX' ? Infinity : (t as Time), epoch);
}
