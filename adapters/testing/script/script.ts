/** Where scripts come from: steps, marbles, and fixtures in JSON lines. */
import { parseJsonLines } from './jsonLines.js';
import type { Values } from './message.js';
import { readScript } from './notation.js';
import type { MarblesOptions, ScriptOptions } from './scriptOptions.js';
import { Script } from './scriptSteps.js';
import { epochOption } from './times.js';

export type { EventStep, LanesOptions, MarblesOptions, ScriptOptions } from './scriptOptions.js';
export { Script } from './scriptSteps.js';

/**
 * An empty script, to be written step by step.
 *
 * @example
 * script().event('a', { at: 5 }).watermark(10).advance('1 minute').complete();
 */
export function script(options: ScriptOptions = {}): Script<never> {
  return Script.of<never>([], options);
}

/**
 * A script written as marbles: one line, or a block of lanes.
 *
 * @example
 * marbles('a@1 b@7 W4 1m |', { a: { total: 3 }, b: { total: 4 } });
 * @throws MarbleSyntaxError with a caret under the column
 */
export function marbles<T = string>(
  text: string,
  values: Values<T> = {},
  options: MarblesOptions = {},
): Script<T> {
  const epoch = epochOption('marbles', options.epoch);
  const { messages, frames } = readScript(text, { ...options, epoch, values });
  return Script.of<T>(messages, { epoch, frames });
}

/**
 * A script kept as JSON lines, one message a line: `{"at":0,"event":"a","time":5}`,
 * `{"at":1,"watermark":10}` (`"MAX"` is the end), `{"at":2,"status":"idle"}`,
 * `{"at":3,"complete":true}`. A first line `{"epoch":"2026-03-29T00:00:00Z"}` says where times begin.
 *
 * @example
 * const orders = fixture(readFileSync('orders.jsonl', 'utf8'));
 * @throws FixtureError naming the line and the field
 */
export function fixture(text: string, options: ScriptOptions = {}): Script<any> {
  const { messages, epoch } = parseJsonLines(text, epochOption('fixture', options.epoch));
  return Script.of<any>(messages, { epoch });
}
