/** Messages as text in the notation. */
import { inspect } from 'node:util';
import type { Message, PaneMessage } from './message.js';
import { printTime } from './times.js';

/** A message in the notation; `nameOf` names the value of one that has no letter. */
export function printMessage(
  m: Message,
  nameOf: (value: unknown) => string = (value) => inspect(value),
  epoch = 0,
): string {
  switch (m.kind) {
    case 'event':
      return `${m.op ?? ''}${m.name ?? nameOf(m.value)}@${printTime(m.timestamp, epoch)}${splitOf(m.split)}`;
    case 'value':
      return m.name ?? nameOf(m.value);
    case 'watermark':
      return `W${printTime(m.timestamp, epoch)}`;
    case 'status':
      return m.status;
    case 'splits':
      return `splits:${m.splits.map(printSplit).join(',')}`;
    case 'error':
      return `#${inspect(String(m.error))}`;
    case 'barrier':
      return `barrier#${m.n}`;
    case 'pane':
      return printPane(m, epoch);
    case 'complete':
      return '|';
    case 'unsubscribe':
      return '!';
    default:
      return m.kind;
  }
}

function splitOf(split: string | undefined): string {
  return split === undefined ? '' : `/${printSplit(split)}`;
}

/** A split in the notation: what would part tokens is percent-encoded, no text at all is `%`. */
export function printSplit(split: string): string {
  return split === '' ? '%' : split.replace(/[\s(),%]/g, encoded);
}

/* `encodeURIComponent` spares parentheses. */
function encoded(c: string): string {
  const code = c.charCodeAt(0);
  return code < 0x80 ? `%${code.toString(16).padStart(2, '0')}` : encodeURIComponent(c);
}

function printPane(m: PaneMessage, epoch: number): string {
  const key = m.key === undefined ? '' : `${m.key.replace(/[\s(),%[\]]/g, encoded)}:`;
  const timing = m.timing === 'onTime' ? '' : m.timing;
  const index = m.index === undefined ? '' : `#${m.index}`;
  return `${key}${timing}[${printTime(m.start, epoch)},${printTime(m.end, epoch)})${index}`;
}

/** Several things of one frame. */
export function printFrame(parts: readonly string[]): string {
  return parts.length > 1 ? `(${parts.join(' ')})` : (parts[0] ?? '·');
}
