/** What is stored of one task, read back and verified: the newest checkpoint, and what it replaced. */
import { checkPieces } from '../../lib/checkpointRules.js';
import { decode } from '../../lib/codec.js';
import { CodecError } from '../../lib/errors.js';
import { newestWhole, type Restored } from '../../lib/generations.js';
import type { Checkpoint, Position } from '../../lib/ports.js';
import type { TaskKeys } from './names.js';
import { readPiece, sumOfNames, writtenBy } from './pieces.js';
import type { Writes } from './writes.js';

const SCAN = '50';
const FIELDS = ['epoch', 'n', 'format', 'header', 'n-before', 'header-before'];

/** What the header of a checkpoint holds. */
export interface Header {
  readonly n: number;
  readonly positions: ReadonlyMap<string, Position>;
  readonly operators: readonly string[];
  readonly fingerprint: string;
  readonly drained: boolean;
  /** How many pieces it has, and how many of them it changed or dropped. */
  readonly pieces: number;
  readonly touched: number;
  /** How many of those it wrote, and the checksum of the names of all that it touched; earlier versions did not say. */
  readonly changed?: number;
  readonly names?: number;
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
  /** Both as they are kept. */
  readonly texts: readonly [epoch: string, n: string];
  /** There never was a checkpoint. */
  readonly isNew: boolean;
  readonly format: number;
  /** Of the newest checkpoint whose header can be read. */
  readonly fingerprint: string | undefined;
  readonly newest: Generation | undefined;
  readonly before: Generation | undefined;
}

type Pieces = Map<string, Buffer>;
/** Pieces as they were, undefined for those that were not there. */
type Undo = ReadonlyMap<string, Buffer | undefined>;

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
    const texts = [String(epoch ?? 0), String(n ?? 0)] as const;
    const numbers = { epoch: Number(texts[0]), n: Number(texts[1]), format: Number(format ?? 1) };
    const isNew = numbers.n === 0 && header == null && headerBefore == null;
    return { ...numbers, texts, isNew, fingerprint, newest, before };
  }

  /** The newest checkpoint that is whole. @throws JobError where neither is; CodecError of a newer format */
  async newest({ n, newest, before }: Held): Promise<Restored> {
    const pieces = await this.pieces(this.keys.state);
    let tried = false;
    // not told apart by n, which may be what is damaged
    return newestWhole(this.job, [n, before?.n ?? 0], async () => {
      if (!tried || before === undefined) {
        tried = true;
        return checkpointOf(newest, pieces);
      }
      const undo = await this.undo();
      checkReplaced(newest, undo);
      for (const [field, value] of wayBack(pieces, undo, before.n)) {
        if (value === undefined) pieces.delete(field);
        else pieces.set(field, value);
      }
      return checkpointOf(before, pieces);
    });
  }

  /** What has to be written so that checkpoint n, the one before, is the newest again. */
  async wayBack(n: number): Promise<Undo> {
    return wayBack(await this.pieces(this.keys.state), await this.undo(), n);
  }

  private async undo(): Promise<Undo> {
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
  if (bytes == null) return undefined;
  return { n: Number(n ?? 0), bytes };
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
  const header = decode(bytes) as Header;
  if (header.n !== n) throw new CodecError(`its field n is ${n}, and was ${header.n}`);
  const { positions, operators, drained, pieces } = header;
  const state = new Map<string, Map<string, Uint8Array>>();
  for (const operator of operators) state.set(operator, new Map());
  let own = 0;
  for (const [field, value] of found) {
    const piece = readPiece(field, value);
    if (piece.n === n) own++;
    const chunks = state.get(piece.operator) ?? new Map<string, Uint8Array>();
    state.set(piece.operator, chunks.set(piece.chunk, piece.bytes));
  }
  checkPieces(state, pieces);
  // where the newest version of a piece is gone, an older one may stand in its place
  if (header.changed !== undefined && own !== header.changed) {
    throw new CodecError(`${own} of ${header.changed} pieces that it wrote are there`);
  }
  return { n, drained, positions, state };
}

/* Where one is gone, what replaced it would stand in its place. An unreadable header says nothing of it. */
function checkReplaced(newest: Generation | undefined, undo: Undo): void {
  const header = newest && headerOf(newest);
  if (header === undefined) return;
  const { touched, names } = header;
  if (undo.size !== touched) {
    throw new CodecError(`${undo.size} of ${touched} pieces that were replaced are there`);
  }
  if (names === undefined || names === sumOfNames(undo.keys())) return;
  throw new CodecError('a piece that was replaced stands under another name');
}

/* What came after n goes, also where it stands under another name; what it replaced comes back. */
function wayBack(pieces: Pieces, undo: Undo, n: number): Undo {
  const later = [...pieces].filter(([, value]) => (writtenBy(value) ?? 0) > n);
  return new Map([...later.map(([field]) => [field, undefined] as const), ...undo]);
}

function unmarked(value: Buffer): Buffer | undefined {
  return value[0] === 0x3d ? value.subarray(1) : undefined;
}
