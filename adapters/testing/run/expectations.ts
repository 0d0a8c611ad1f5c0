/** Expectations as users write them, turned into claims about lanes. */
import { configError } from '../../../lib/errors.js';
import type { Fact } from '../report/scene.js';
import type { Message, Values } from '../script/message.js';
import { type ExpectedLanes, type NotationOptions, parseExpectation } from '../script/notation.js';
import type { Script } from '../script/script.js';
import { kept } from './kept.js';
import type { Claim } from './lane.js';

/** What a parser needs of the test; `known` are the letters of the scripts so far. */
type TestNotation = Required<Pick<NotationOptions, 'epoch' | 'unit' | 'known'>>;

/** What a user wrote. */
export interface Written {
  readonly marbles: string | Script;
  readonly values: Values;
  readonly error: unknown;
  readonly site: Error;
}

/** What one `toBe` says. */
interface Claims {
  /** Of the lane itself. */
  readonly own: readonly Claim[];
  /** Of doors and counters, by name. */
  readonly others: ReadonlyMap<string, Claim>;
  /** Frames at which to unsubscribe. */
  readonly ends: readonly number[];
}

/** Reads what a user expects. @throws MarbleSyntaxError */
export function claimsOf(
  { marbles, values: given, error, site }: Written,
  notation: TestNotation,
): Claims {
  if (typeof marbles !== 'string' && !Array.isArray(marbles?.messages)) {
    throw configError('toBe', 'marbles', 'marbles as text, or a script', marbles);
  }
  const values = kept(given);
  const lanes =
    typeof marbles === 'string'
      ? parseExpectation(marbles, { ...notation, values, error })
      : scriptLanes(marbles, values);
  const claim = (expected: readonly Message[]): Claim => {
    const fixed = typeof marbles !== 'string';
    return { expected: expected.filter((m) => m.kind !== 'unsubscribe'), values, site, fixed };
  };
  const { main, panes, others } = lanes;
  const own = [...(main ? [claim(main)] : [])];
  if (panes !== undefined) own.push({ ...claim(panes), of: 'panes' });
  return {
    own,
    others: new Map([...others].map(([head, messages]) => [head, claim(messages)])),
    ends: (main ?? []).filter((m) => m.kind === 'unsubscribe').map((m) => m.frame),
  };
}

function scriptLanes(script: Script, values: Values): ExpectedLanes {
  const main = script.messages.map((m) => {
    const named = (m.kind === 'event' || m.kind === 'value') && Object.hasOwn(values, m.name ?? '');
    if (named) return { ...m, value: values[m.name as string] };
    return 'value' in m ? { ...m, value: kept(m.value) } : m;
  });
  return { main, others: new Map(), watermarksApart: false };
}

/** Claims of facts. */
export function factsClaim(facts: readonly Fact[], site: Error): Claim {
  if (!Array.isArray(facts)) throw configError('toEmit', 'facts', 'an array of facts', facts);
  return { facts, site };
}
