/** What is stored of one task, read back and verified: the newest checkpoint, and what it replaced. */
import { checkPieces } from '../../lib/checkpointRules.js';
import { decode, verify } from '../../lib/codec.js';
import { CodecError } from '../../lib/errors.js';
import { newestWhole, type Restored } from '../../lib/generations.js';
import type { Checkpoint, Position } from '../../lib/ports.js';
import { pieceOf } from './items.js';
import type { TaskKeys } from './names.js';
import type { Writes } from './writes.js';

const SCAN = '50';
const FIELDS = ['epoch', 'n', 'format', 'header', 'n-before', 'header-before'];

/** What the header of a checkpoint holds. */
export interface Header {
  readonly positions: ReadonlyMap<string, Position>;
  readonly operators: readonly string[];
  readonly fingerprint: string;
  readonly drained: boolean;
  /** How many pieces it has, and how many of them it changed or dropped. */
  readonly pieces: number;
  readonly touched: number;
}

/** One checkpoint besides its state. */
interface Generation {
  readonly n: number;
  readonly bytes: Buffer;
}

/** What is known of a task besides its state. */
export interface Held {
  readonly epoch: number;
  /** 0 before the first checkpoint. */
  readonly n: number;
  readonly format: number;
  /** Of the newest checkpoint whose header can be read. */
  readonly fingerprint: string | undefined;
  readonly newest: Generation | undefined;
  readonly before: Generation | undefined;
}

type Pieces = Map<string, Buffer>;

export class StoredTask {
  readonly keys: TaskKeys;

  constructor(
    private readonly writes: Writes,
    readonly job: string,
    readonly task: string,
  ) {
    this.keys = writes.names.task(job, task);
  }

  async held(): Promise<Held> {
    const { connection } = this.writes;
    const found: (Buffer | null)[] = await connection.ask('HMGET', this.keys.meta, ...FIELDS);
    const [epoch, n, format, header, nBefore, headerBefore] = found;
    const newest = generation(n, header);
    const before = generation(nBefore, headerBefore);
    const fingerprint = fingerprintOf(newest) ?? fingerprintOf(before);
    const numbers = { epoch: Number(epoch ?? 0), n: Number(n ?? 0), format: Number(format ?? 1) };
    return { ...numbers, fingerprint, newest, before };
  }

  /** The newest checkpoint that is whole. @throws JobError where neither is; CodecError of a newer format */
  async newest({ n, newest, before }: Held): Promise<Restored> {
    const pieces = await this.pieces(this.keys.state);
    return newestWhole(this.job, [n, before?.n ?? 0], async (wanted) => {
      if (wanted === n) return checkpointOf(newest, pieces);
      const replaced = await this.replaced();
      checkReplaced(newest, replaced.size);
      for (const [field, bytes] of replaced) {
        if (bytes === undefined) pieces.delete(field);
        else pieces.set(field, bytes);
      }
      return checkpointOf(before, pieces);
    });
  }

  /** What the newest checkpoint replaced: pieces as they were, undefined for those that were not there. */
  async replaced(): Promise<Map<string, Buffer | undefined>> {
    const before = await this.pieces(this.keys.undo);
    const marked = [...before].map(([field, value]) => [field, unmarked(value)] as const);
    return new Map(marked);
  }

  private async pieces(key: string): Promise<Pieces> {
    const found: Pieces = new Map();
    let cursor = '0';
    do {
      const [next, fields]: [Buffer, Buffer[]] = await this.writes.connection.ask(
        'HSCAN',
        key,
        cursor,
        'COUNT',
        SCAN,
      );
      for (let i = 0; i < fields.length; i += 2) {
        found.set(String(fields[i]), fields[i + 1] as Buffer);
      }
      cursor = String(next);
    } while (cursor !== '0');
    return found;
  }
}

function generation(
  n: Buffer | null | undefined,
  bytes: Buffer | null | undefined,
): Generation | undefined {
  if (n == null || bytes == null || Number(n) === 0) return undefined;
  return { n: Number(n), bytes };
}

function fingerprintOf(of: Generation | undefined): string | undefined {
  return of && headerOf(of)?.fingerprint;
}

function headerOf(of: Generation): Header | undefined {
  try {
    return decode(of.bytes) as Header;
  } catch {
    return undefined;
  }
}

function checkpointOf(generation: Generation | undefined, found: Pieces): Checkpoint {
  if (generation === undefined) throw new CodecError('its header is missing');
  const { n, bytes } = generation;
  const { positions, operators, drained, pieces } = decode(bytes) as Header;
  const state = new Map<string, Map<string, Uint8Array>>();
  for (const operator of operators) state.set(operator, new Map());
  for (const [field, piece] of found) {
    verify(piece);
    const { operator, chunk } = pieceOf(field);
    const own = state.get(operator) ?? new Map<string, Uint8Array>();
    state.set(operator, own.set(chunk, Uint8Array.from(piece)));
  }
  checkPieces(state, pieces);
  return { n, drained, positions, state };
}

/* Where one is gone, what replaced it would stand in its place. An unreadable header says nothing of it. */
function checkReplaced(newest: Generation | undefined, found: number): void {
  const touched = newest && headerOf(newest)?.touched;
  if (touched === undefined || found === touched) return;
  throw new CodecError(`${found} of ${touched} pieces that were replaced are there`);
}

function unmarked(value: Buffer): Buffer | undefined {
  return value[0] === 0x3d ? value.subarray(1) : undefined;
}
