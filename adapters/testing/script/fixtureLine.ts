/** One line of a fixture: its fields checked, and the message that they make. */
import { show, TidemarkError, messageOf as textOf } from '../../../lib/errors.js';
import { untag } from '../../../lib/tagged.js';
import { builtIn } from './errorClass.js';
import type { Message } from './message.js';
import { scriptError } from './scriptError.js';
import { parseCalendar, parseSpan, parseTime } from './times.js';

/**
 * A line of a fixture that is no message.
 *
 * @example
 * fixture('{"at":0,"event":"a"}');
 * // FixtureError: fixture: line 1: `time` must be a time: ms, a duration such as '10m', …; got nothing
 */
export class FixtureError extends TidemarkError {
  /** @internal */
  constructor(
    /** From 1. */
    readonly line: number,
    /** The field that is wrong; undefined where it is the line as a whole. */
    readonly field: string | undefined,
    problem: string,
  ) {
    const where = field === undefined ? '' : `\`${field}\` `;
    super('FixtureError', `fixture: line ${line}: ${where}${problem}`);
  }
}

export type Fields = Readonly<Record<string, unknown>>;

const TIME = "a time: ms, a duration such as '10m', '2026-03-29T00:59Z', 'MAX' or 'MIN'";
const KINDS = 'event, value, watermark, status, splits, barrier, complete or error';

/* The first of these fields that a line has says what it is; the others are what it may have. */
const shapes: readonly (readonly [string, ...string[]])[] = [
  ['event', 'time', 'value', 'split', 'op', 'revision', 'replaces'],
  ['time', 'value', 'split', 'op', 'revision', 'replaces'],
  ['watermark'],
  ['status'],
  ['splits'],
  ['barrier'],
  ['complete'],
  ['error'],
  ['unsubscribe'],
  ['restore'],
  ['value', 'name'],
];

export class FixtureLine {
  constructor(
    private readonly line: number,
    private readonly fields: Fields,
    private readonly base: number,
  ) {}

  isEpoch(): boolean {
    return 'epoch' in this.fields;
  }

  epoch(): number {
    this.only(['epoch']);
    const given = this.fields['epoch'];
    const ms = typeof given === 'string' ? parseCalendar(given) : given;
    return Number.isSafeInteger(ms) ? (ms as number) : this.fail('epoch', 'an instant');
  }

  message(last: number): Message {
    const shape = shapes.find(([name]) => name in this.fields);
    if (shape === undefined) {
      if (this.isEpoch()) this.fail('epoch', 'on the first line');
      throw new FixtureError(this.line, undefined, `must say what it is: ${KINDS}`);
    }
    this.only(['at', ...shape]);
    const frame = this.frame(last);
    return { frame, ...this.said(shape[0]) } as Message;
  }

  private frame(last: number): number {
    const at = this.fields['at'];
    const frame = typeof at === 'string' ? parseSpan(at) : at;
    const ok = Number.isSafeInteger(frame) && (frame as number) >= last;
    return ok ? (frame as number) : this.fail('at', `a frame (whole ms), ${last} or later`);
  }

  private said(kind: string): object {
    switch (kind) {
      case 'event':
      case 'time':
        return this.event();
      case 'watermark':
        return { kind, timestamp: this.time('watermark') };
      case 'status':
        return { kind, status: this.oneOf('status', ['idle', 'active']) };
      case 'splits':
        return { kind, splits: this.list('splits', (x) => typeof x === 'string', 'texts') };
      case 'barrier':
        return { kind, n: this.count('barrier', 1) };
      case 'error':
        return { kind, error: this.error() };
      case 'value':
        return { kind, value: this.value('value'), ...this.optional('name', 'string') };
      default:
        return this.fields[kind] === true ? { kind } : this.fail(kind, 'true');
    }
  }

  private event(): object {
    const name = this.optional('event', 'string')['event'];
    const value = 'value' in this.fields ? this.value('value') : name;
    if (!('value' in this.fields) && name === undefined) this.fail('value', 'there, or `event`');
    const revision = (x: unknown): boolean => Number.isSafeInteger(x);
    return {
      kind: 'event',
      ...(name !== undefined && { name }),
      value,
      timestamp: this.time('time', true),
      ...this.optional('split', 'string'),
      ...('op' in this.fields && { op: this.oneOf('op', ['-']) }),
      ...('revision' in this.fields && { revision: this.list('revision', revision, 'integers') }),
      ...('replaces' in this.fields && { replaces: this.list('replaces', isWindow, 'windows') }),
    };
  }

  private error(): unknown {
    const error = this.fields['error'];
    if (error === true) return scriptError;
    const { name, message, ...rest } = Object(error) as Fields;
    const isError = typeof name === 'string' && typeof message === 'string';
    if (isError) return builtIn(name, message);
    const isValue =
      typeof error === 'object' && error !== null && Object.keys(rest).join() === 'value';
    return isValue
      ? this.untagged('error', rest['value'])
      : this.fail('error', 'true, {"name", "message"} or {"value"}');
  }

  private time(field: string, orNaN = false): number {
    const given = this.fields[field];
    if (given === 'MAX' || given === 'MIN') return given === 'MAX' ? Infinity : -Infinity;
    if (given === 'NaN' && orNaN) return Number.NaN;
    const t = typeof given === 'string' ? parseTime(given, this.base) : this.base + Number(given);
    const isText = typeof given === 'string' || Number.isSafeInteger(given);
    return isText && Number.isSafeInteger(t) ? (t as number) : this.fail(field, TIME);
  }

  private value(field: string): unknown {
    return this.untagged(field, this.fields[field]);
  }

  private untagged(field: string, tree: unknown): unknown {
    try {
      return untag(tree);
    } catch (thrown) {
      throw new FixtureError(this.line, field, `cannot be read back: ${textOf(thrown)}`);
    }
  }

  private optional(field: string, type: string): Fields {
    if (!(field in this.fields)) return {};
    return this.is(field, type) ? { [field]: this.fields[field] } : this.fail(field, `a ${type}`);
  }

  private oneOf(field: string, all: readonly string[]): string {
    const given = this.fields[field];
    return all.includes(given as string)
      ? (given as string)
      : this.fail(field, all.map((x) => `"${x}"`).join(' or '));
  }

  private count(field: string, min: number): number {
    const n = this.fields[field] as number;
    return Number.isSafeInteger(n) && n >= min ? n : this.fail(field, `an integer >= ${min}`);
  }

  private list(field: string, holds: (x: unknown) => boolean, what: string): unknown[] {
    const list = this.fields[field];
    return Array.isArray(list) && list.every(holds) ? list : this.fail(field, `a list of ${what}`);
  }

  private is(field: string, type: string): boolean {
    return typeof this.fields[field] === type;
  }

  private only(known: readonly string[]): void {
    for (const field of Object.keys(this.fields)) {
      if (known.includes(field)) continue;
      const problem = `does not belong here; this line may have ${known.join(', ')}`;
      throw new FixtureError(this.line, field, problem);
    }
  }

  private fail(field: string, rule: string): never {
    const got = field in this.fields ? show(this.fields[field]) : 'nothing';
    throw new FixtureError(this.line, field, `must be ${rule}; got ${got}`);
  }
}

function isWindow(x: unknown): boolean {
  const { start, end } = Object(x) as Fields;
  return Number.isSafeInteger(start) && Number.isSafeInteger(end);
}
