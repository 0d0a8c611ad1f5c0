/** What is wrong with a text of marbles, and where: the line of the user with a caret under the column. */
import { TidemarkError } from '../../../lib/errors.js';

const WIDTH = 90;

/**
 * A text that is no script or expectation. The message shows the line, a caret under the column, and
 * one sentence: what is wrong and what to write.
 *
 * @example
 * try {
 *   marbles('a@1 b@x');
 * } catch (e) {
 *   if (e instanceof MarbleSyntaxError) console.log(e.line, e.column); // 1 7
 * }
 */
export class MarbleSyntaxError extends TidemarkError {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units, as editors count. */
  readonly column: number;

  /** @internal */
  constructor(
    text: string,
    at: number,
    /** What is wrong and what to write, without the picture. */
    readonly problem: string,
  ) {
    const from = text.lastIndexOf('\n', at - 1) + 1;
    const end = text.indexOf('\n', at);
    const shown = pictureOf(text.slice(from, end < 0 ? text.length : end), at - from);
    const line = text.slice(0, from).split('\n').length;
    const head = text.trim().includes('\n') ? `marbles, line ${line}: ` : 'marbles: ';
    const caret = ' '.repeat(head.length + shown.before);
    super('MarbleSyntaxError', `${head}${shown.line}\n${caret}^\n${problem}`);
    this.line = line;
    this.column = at - from + 1;
  }
}

/* A long line is clipped to the neighbourhood of the column; `before` counts characters, not units. */
function pictureOf(line: string, column: number): { line: string; before: number } {
  const from = column > WIDTH / 2 && line.length > WIDTH ? column - WIDTH / 2 : 0;
  const start = from > 0 ? '…' : '';
  const end = line.length > from + WIDTH ? '…' : '';
  const clean = (part: string): string => part.replace(/[\t\r]/g, ' ');
  const before = start + clean(line.slice(from, column));
  const after = clean(line.slice(column, from + WIDTH)).trimEnd();
  return { line: before + after + end, before: [...before].length };
}
