/** Sources of lines: NDJSON files and whatever else gives text, as a job or a plain pipe reads them. */
import type { Readable } from 'node:stream';
import { Observable } from 'rxjs';
import { type Door, openDoor } from '../../lib/doors.js';
import type { Position, Source } from '../../lib/ports.js';
import { FileLines, type FilePosition } from './fileLines.js';
import type { Decoded, JsonObject, RejectedLine } from './gate.js';
import { STDIN } from './input.js';
import { type Damage, type LinePosition, LineReader, type Lines } from './reader.js';

/** What every source of lines is told. */
export interface LineDoors<T> {
  /** Turns the object of a line into a row, or says why it is none. `line` counts from 1. */
  readonly decode: (object: JsonObject, line: number) => Decoded<T>;
  /** Gets every line that gave no row, after it was counted. */
  readonly rejected?: Door<RejectedLine> | undefined;
  /**
   * Told when the input ends before its time; then the source finishes.
   * @default none: the source fails, after it has given all that could be read
   */
  readonly damaged?: Door<Damage> | undefined;
  /** What the source is called in positions and messages. @default the input */
  readonly name?: string | undefined;
}

export interface LineSourceConfig<T> extends LineDoors<T> {
  /** Tells one input from another: a position of another input is refused. */
  readonly input: string;
  /** Lines from `at` of a position on, or from the beginning. */
  readonly open: (at: unknown) => Lines;
}

export interface NdjsonConfig<T> extends LineDoors<T> {
  /** A file (gzip is recognised), or `-` for standard input. */
  readonly path: string;
  /** What `-` reads. @default process.stdin */
  readonly stdin?: Readable | undefined;
}

/**
 * Makes a source out of anything that gives lines of JSON objects: pull-based, at most 1,000 lines or
 * 5 ms in one go, with a position that is exact in every turn. A line that is no UTF-8 or no JSON object
 * is *malformed*; one over 1 MiB, nested deeper than 64, or refused by `decode` is *invalid*. Both are
 * counted, leave by `rejected`, and the rest goes on; blank lines are not counted.
 */
export function lineSource<T>(config: LineSourceConfig<T>): Source<T> {
  const { input, decode } = config;
  return {
    name: config.name ?? input,
    open(position, out) {
      const from = checked(config, position);
      return new LineReader<T>(
        {
          input,
          lines: config.open(from?.at),
          decode,
          rejected: openDoor(config.rejected),
          damaged: openDoor(config.damaged),
          counts: {
            lines: from?.lines ?? 0,
            malformed: from?.malformed ?? 0,
            invalid: from?.invalid ?? 0,
          },
          finished: from?.finished ?? false,
          damage: from?.damage,
        },
        out,
      );
    },
  };
}

function checked(config: LineSourceConfig<any>, position: Position): LinePosition | undefined {
  const from = position as LinePosition | undefined;
  if (from !== undefined && from.input !== config.input) {
    const { input, name = input } = config;
    throw new Error(`source ${name}: the checkpoint is of ${from.input}, this input is ${input}`);
  }
  return from;
}

/**
 * Reads a file of JSON lines in arrival order, plain or gzipped, or standard input (`-`); memory does
 * not grow with its size. A position is the byte after a line: a plain file is read on from there, a
 * gzip file is inflated again up to it. A damaged gzip file gives everything before the damage.
 *
 * @example
 * ```ts
 * const source = ndjsonSource({
 *   path: 'events.ndjson.gz',
 *   decode: (o) => (typeof o['id'] === 'string' ? { ok: o['id'] } : { invalid: '`id` must be text' }),
 * });
 * ```
 */
export function ndjsonSource<T>(config: NdjsonConfig<T>): Source<T> {
  const { path, stdin = process.stdin } = config;
  const source = lineSource({
    ...config,
    input: path,
    open: (at) => new FileLines(path, stdin, at as FilePosition | undefined),
  });
  return {
    ...source,
    // at its end nothing is read again, unless it is said to go on
    reopen: (position) => position && { ...(position as LinePosition), finished: false },
    more: async (position) => path !== STDIN && (await hasLine(path, stdin, position)),
  };
}

/* Looks for a line after a position; damage was told of when the input ended there. */
async function hasLine(path: string, stdin: Readable, position: Position): Promise<boolean> {
  const { at, damage } = (position ?? {}) as Partial<LinePosition>;
  if (damage !== undefined) return false;
  const lines = new FileLines(path, stdin, at as FilePosition | undefined);
  try {
    do if (lines.next()) return true;
    while (await lines.more());
    return lines.next();
  } finally {
    await lines.close();
  }
}

/**
 * The rows of a file of JSON lines as an ordinary cold observable: each subscription reads it from the
 * beginning, in turns of at most 5 ms; unsubscribing closes the file. Errors if it cannot be read.
 *
 * @example
 * ```ts
 * fromNdjson({ path: 'events.ndjson', decode: (o) => ({ ok: o }) }).subscribe(console.log);
 * ```
 */
export function fromNdjson<T>(config: NdjsonConfig<T>): Observable<T> {
  const source = ndjsonSource(config);
  return new Observable<T>((subscriber) => {
    const reader = source.open(undefined, {
      event: (value) => subscriber.next(value),
      declare: () => {},
      finished: () => subscriber.complete(),
      failed: (thrown) => subscriber.error(thrown),
    });
    reader.resume();
    return () => void reader.close();
  });
}
