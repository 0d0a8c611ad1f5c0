/** Scripts as the laws run them: the steps of all inputs in one order, and what came out as lines. */
import { configError } from '../../../lib/errors.js';
import { printed } from '../report/line.js';
import { type Message, sentBy, type Values } from '../script/message.js';
import { parseMarbles } from '../script/notation.js';
import { printMessage } from '../script/print.js';

/** A script: marbles, a `Script`, or its messages. */
export type LawScript = string | readonly Message[] | { readonly messages: readonly Message[] };

/** The messages of a script. */
export function messagesOf(
  script: LawScript,
  notation: { readonly values: Values; readonly epoch: number },
): readonly Message[] {
  if (typeof script === 'string') return parseMarbles(script, notation);
  return 'messages' in script ? script.messages : script;
}

export interface LawStep {
  readonly input: number;
  /** Arrival: ms since the beginning. */
  readonly frame: number;
  /** The input completes; else `element` goes in. */
  readonly ends: boolean;
  readonly element: unknown;
  /** The step in words. */
  readonly text: string;
}

/** The steps by frame, then by input; an input whose script does not end completes after everything. */
export function stepsOf(
  scripts: readonly LawScript[],
  notation: { readonly values: Values; readonly epoch: number },
): LawStep[] {
  const inputs = scripts.map((s) => messagesOf(s, notation));
  const steps = inputs.flatMap((messages, input) => messages.map((m) => stepOf(m, input)));
  const end = Math.max(0, ...steps.map((s) => s.frame + 1));
  for (const [input, messages] of inputs.entries()) {
    if (messages.some((m) => m.kind === 'complete')) continue;
    steps.push(stepOf({ kind: 'complete', frame: end }, input));
  }
  return steps
    .sort((a, b) => a.frame - b.frame || a.input - b.input)
    .map((s, i) => ({ ...s, text: `step ${i + 1} of ${steps.length}, ${s.text}` }));
}

const sent = new Set(['event', 'value', 'watermark', 'status', 'splits', 'complete']);

function stepOf(m: Message, input: number): LawStep {
  if (!sent.has(m.kind)) {
    const hint = 'the laws send errors and barriers themselves';
    throw configError('operatorLaws', 'script', 'of events, watermarks and status', m.kind, hint);
  }
  const text = `\`${printMessage(m, printed)}\` of input ${input}`;
  return { input, frame: m.frame, ends: m.kind === 'complete', element: sentBy(m), text };
}

/** What came out, one line a message, with everything that a message has but its frame. */
export function linesOf(messages: readonly Message[]): string[] {
  return messages.map((m) => {
    const line = printMessage(m, printed);
    if (m.kind !== 'event' || (m.revision === undefined && m.replaces === undefined)) return line;
    const { revision, replaces } = m;
    return `${line} ${printed({ revision, ...(replaces && { replaces }) })}`;
  });
}
