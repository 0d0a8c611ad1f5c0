/** What a compaction writes: the whole image as records of bounded size. */
import { decode } from '../codec.js';
import type { Position } from '../ports.js';
import { type KeptPage, layoutOf, type PieceName, packRows, type TaskEntry } from './entry.js';
import type { FileSystem, OpenFile } from './fileSystem.js';
import type { Image, ImageTable, ImageTask } from './image.js';
import { encodeRecord, FILE_HEADER } from './record.js';

const PAGE_ROWS = 1000;
const PAGE_BYTES = 4 * 2 ** 20;

/** Writes a log file that holds an image, which must not change meanwhile; leaves none behind if it fails. */
export async function writeBase(
  fs: FileSystem,
  path: string,
  image: Image,
): Promise<{ readonly file: OpenFile; readonly end: number }> {
  const file = await fs.open(path);
  try {
    await file.truncate(0);
    await file.append(FILE_HEADER);
    let end = FILE_HEADER.length;
    for (const record of baseRecords(image)) {
      await file.append(record);
      end += record.length;
    }
    await file.sync();
    return { file, end };
  } catch (thrown) {
    await file.close().catch(() => {});
    await fs.remove(path).catch(() => {});
    throw thrown;
  }
}

function* baseRecords(image: Image): Generator<Uint8Array> {
  for (const task of image.tasks.values()) yield* taskRecords(task);
  for (const table of image.tables.values()) yield* tableRecords(table);
  for (const outbox of image.outboxes.values()) yield encodeRecord({ ...outbox, tables: [] });
  yield encodeRecord({ kind: 'base' });
}

function* taskRecords(held: ImageTask): Generator<Uint8Array> {
  const { job, task, epoch, n, fingerprint, drained, pieces, format, state } = held;
  const positions = decode(held.positions) as ReadonlyMap<string, Position>;
  const header = { job, task, epoch, n, fingerprint, drained, pieces, format, positions };
  const entry: Omit<TaskEntry, 'changed'> = {
    kind: 'task',
    ...header,
    operators: [...state.keys()],
  };
  let changed: PieceName[] = [];
  let raw: Uint8Array[] = [];
  let size = 0;
  for (const [operator, chunks] of state) {
    for (const [chunk, bytes] of chunks) {
      if (size > 0 && size + bytes.length > PAGE_BYTES) {
        yield encodeRecord({ ...entry, changed }, raw);
        [changed, raw, size] = [[], [], 0];
      }
      changed.push([operator, chunk, bytes.length]);
      raw.push(bytes);
      size += bytes.length;
    }
  }
  yield encodeRecord({ ...entry, changed }, raw);
}

function* tableRecords({ name, layout, kept }: ImageTable): Generator<Uint8Array> {
  const page = (part: Pick<KeptPage, 'write' | 'written' | 'tombstones'>, raw: Uint8Array[]) =>
    encodeRecord({ kind: 'rows', table: { name, layout: layoutOf(layout), ...part } }, raw);
  for (const rows of pages(kept.rows.values())) {
    const raw: Uint8Array[] = [];
    const effects = rows.map((row) => ({ ...row, upsert: { ...row, op: 'upsert' as const } }));
    const write = packRows(effects, raw);
    yield page({ write, written: rows.map((row) => row.written), tombstones: [] }, raw);
  }
  const none = packRows([], []);
  for (const tombstones of pages(kept.tombstones)) {
    yield page({ write: none, written: [], tombstones }, []);
  }
}

function* pages<T>(all: Iterable<T>): Generator<T[]> {
  let page: T[] = [];
  for (const one of all) {
    if (page.push(one) < PAGE_ROWS) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
