/** Messages as text in the notation. */
import { inspect } from 'node:util';
import type { Message } from './message.js';

/** A message in the notation; `nameOf` names the value of one that has no letter. */
export function printMessage(
  m: Message,
  nameOf: (value: unknown) => string = (value) => inspect(value),
  epoch = 0,
): string {
  switch (m.kind) {
    case 'event':
      return `${m.op ?? ''}${m.name ?? nameOf(m.value)}@${printTime(m.timestamp, epoch)}`;
    case 'value':
      return m.name ?? nameOf(m.value);
    case 'watermark':
      return `W${printTime(m.timestamp, epoch)}`;
    case 'status':
      return m.status;
    case 'splits':
      return `splits:${m.splits.join(',')}`;
    case 'error':
      return `#${inspect(String(m.error))}`;
    case 'complete':
      return '|';
    case 'unsubscribe':
      return '!';
    default:
      return m.kind;
  }
}

function printTime(t: number, epoch: number): string {
  return Number.isFinite(t) ? String(t - epoch) : t > 0 ? '∞' : t < 0 ? '-∞' : 'NaN';
}

/** Several things of one frame. */
export function printFrame(parts: readonly string[]): string {
  return parts.length > 1 ? `(${parts.join(' ')})` : (parts[0] ?? '·');
}
