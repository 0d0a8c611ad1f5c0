/** How the tests of the notation say what they got. */
import { MarbleSyntaxError, type Message } from 'tidemark/testing';
import { printMessage } from '../../../../adapters/testing/script/print.js';

/** A message with its frame, times in ms: `3:a@60000`. */
export function letter(m: Message): string {
  const time = 'timestamp' in m ? m.timestamp : Number.NaN;
  const shown = printMessage(m, String).replace(/^#.*/, '#');
  const text = Number.isFinite(time) ? shown.replace(/(@|W)-?[\ddhms]+/, `$1${time}`) : shown;
  return `${m.frame}:${text}`;
}

/** The lines of the syntax error that `parse` throws. */
export function syntaxErrorOf(parse: () => unknown): string[] {
  try {
    parse();
  } catch (e) {
    if (e instanceof MarbleSyntaxError) return e.message.split('\n');
    throw e;
  }
  throw new Error('nothing was thrown');
}
