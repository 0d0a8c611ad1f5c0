/** Facts: messages with fields left out, compared in order with what came. */
import { parseDuration } from '../../../lib/duration.js';
import type { Message, Values } from '../script/message.js';
import { type Time, timeOption } from '../script/times.js';
import { type Field, isMatcher } from './equality.js';
import type { Fact, Scene } from './scene.js';
import { show } from './show.js';
import type { Wanted } from './wanted.js';

const FIELDS = new Set([
  ...['at', 'event', 'time', 'value', 'split', 'op', 'watermark'],
  ...['status', 'splits', 'barrier', 'complete', 'error'],
]);

/** What the facts want, one by one. @throws TypeError on a fact that names nothing, or an unknown field */
export function wantedFacts(facts: readonly Fact[], scene: Scene): readonly Wanted[] {
  return facts.map((fact, i) => {
    const unknown = Object.keys(fact).find((name) => !FIELDS.has(name));
    if (unknown !== undefined) {
      throw new TypeError(
        `toEmit: fact ${i + 1} has the unknown field \`${unknown}\`; known are ${[...FIELDS].join(', ')}`,
      );
    }
    return wantedFact(fact, i, scene);
  });
}

/** What is compared with facts: events, values and errors; other kinds where a fact names them. */
export function receivedFor(wanted: readonly Wanted[], received: readonly Message[]): Message[] {
  const kinds = new Set<Message['kind']>(['event', 'value', 'error']);
  for (const { kind } of wanted) kinds.add(kind);
  return received.filter((m) => kinds.has(m.kind));
}

function wantedFact(fact: Fact, i: number, scene: Scene): Wanted {
  const at = typeof fact.at === 'string' ? parseDuration(fact.at) : fact.at;
  const frame = typeof at === 'number' ? at : undefined;
  const arrival: Field[] = isMatcher(at) ? [['frame', at]] : [];
  const [kind, fields] = substance(fact, scene) ?? [];
  if (kind === undefined || fields === undefined) {
    throw new TypeError(
      `toEmit: fact ${i + 1} must name one of event, value, watermark, status, splits, barrier, complete, error; got ${show(fact)}`,
    );
  }
  return { frame, kind, fields: [...arrival, ...fields], fact };
}

function substance(fact: Fact, scene: Scene): [Message['kind'], Field[]] | undefined {
  if ('event' in fact || 'time' in fact) return ['event', eventFields(fact, scene)];
  if ('watermark' in fact) return ['watermark', [['timestamp', timeOf(fact.watermark, scene)]]];
  if ('status' in fact) return ['status', [['status', fact.status]]];
  if ('splits' in fact) return ['splits', [['splits', fact.splits]]];
  if ('barrier' in fact) return ['barrier', [['n', fact.barrier]]];
  if ('error' in fact) return ['error', [['error', fact.error]]];
  if ('complete' in fact) return ['complete', []];
  if ('value' in fact) return ['value', [['value', fact.value]]];
  return undefined;
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
