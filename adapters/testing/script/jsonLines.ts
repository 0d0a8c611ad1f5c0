/** Scripts as JSON lines: one message a line, so that a fixture can be kept, compared and made elsewhere. */
import { show, messageOf as textOf } from '../../../lib/errors.js';
import { tag } from '../../../lib/tagged.js';
import { type Fields, FixtureError, FixtureLine } from './fixtureLine.js';
import type { ErrorMessage, Message } from './message.js';
import { scriptError } from './scriptError.js';
import { printEpoch } from './times.js';

/** The messages, a line each; the first line is the epoch, where there is one. @throws CodecError */
export function printJsonLines(messages: readonly Message[], epoch: number): string {
  const head = epoch === 0 ? [] : [{ epoch: printEpoch(epoch) }];
  const lines = [...head, ...messages.map((m) => ({ at: m.frame, ...fieldsOf(m, epoch) }))];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

function fieldsOf(m: Message, epoch: number): object {
  const time = (t: number): unknown =>
    Number.isFinite(t) ? t - epoch : t > 0 ? 'MAX' : t < 0 ? 'MIN' : 'NaN';
  switch (m.kind) {
    case 'event': {
      const { name, value, timestamp, split, op, revision, replaces } = m;
      const own = name !== undefined && value === name ? {} : { value: tag(value).tree };
      return { event: name, time: time(timestamp), ...own, split, op, revision, replaces };
    }
    case 'value':
      return { value: tag(m.value).tree, name: m.name };
    case 'watermark':
      return { watermark: time(m.timestamp) };
    case 'status':
      return { status: m.status };
    case 'splits':
      return { splits: m.splits };
    case 'barrier':
      return { barrier: m.n };
    case 'error':
      return { error: errorFields(m) };
    default:
      return { [m.kind]: true };
  }
}

function errorFields({ error }: ErrorMessage): unknown {
  if (error === scriptError) return true;
  const isError = error instanceof Error;
  return isError ? { name: error.name, message: error.message } : { value: tag(error).tree };
}

/** What a fixture says. */
interface Fixture {
  readonly messages: Message[];
  /** The epoch that the fixture names, else `epoch`. */
  readonly epoch: number;
}

/** Reads what `printJsonLines` wrote; empty lines and a byte order mark are skipped. @throws FixtureError */
export function parseJsonLines(text: string, epoch = 0): Fixture {
  const messages: Message[] = [];
  let base = epoch;
  let begun = false;
  text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .forEach((line, i) => {
      if (line.trim() === '') return;
      const fields = new FixtureLine(i + 1, parsed(line, i + 1), base);
      if (!begun && fields.isEpoch()) base = fields.epoch();
      else messages.push(fields.message(messages.at(-1)?.frame ?? 0));
      begun = true;
    });
  return { messages, epoch: base };
}

function parsed(text: string, line: number): Fields {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (thrown) {
    throw new FixtureError(line, undefined, `is no JSON: ${textOf(thrown)}`);
  }
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) return data as Fields;
  throw new FixtureError(line, undefined, `must be an object; got ${show(data)}`);
}
