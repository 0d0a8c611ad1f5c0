/** The manifest of an NDJSON sink: what of its files counts, replaced as a whole. One entry per open part and owner. */
import type { AppendPosition } from '../../lib/appendPosition.js';
import { decode, encode } from '../../lib/codec.js';
import { messageOf, show, TidemarkError } from '../../lib/errors.js';
import type { FileSystem } from '../../lib/log/fileSystem.js';

/** A part that is being written, under its hidden name. */
export interface OpenPart {
  /** Directory within that of the sink; empty where there are no partitions. */
  readonly dir: string;
  readonly seq: number;
  /** How much of the file counts. */
  readonly bytes: number;
  readonly rows: number;
  /** Arrival time of its first row. */
  readonly since: number;
  /** It gets its final name next, and nothing more is appended. */
  readonly closing: boolean;
}

export interface Manifest {
  /** The number of the next part. */
  readonly seq: number;
  /** What was taken, by owner. */
  readonly owners: ReadonlyMap<string, AppendPosition>;
  readonly parts: readonly OpenPart[];
}

/** The files of a sink are not as it left them; nothing was changed. */
export class DamagedSinkError extends TidemarkError {
  constructor(detail: string) {
    super('DamagedSinkError', `ndjsonSink: ${detail}`);
  }
}

/** Names that begin with a dot are the sink's own. */
export const HOME = '.tidemark';
/** Parts that have no final name yet. */
export const HIDDEN = /^\.part-\d+\.open$/;
const NAME = 'manifest';
const FORMAT = 1;

/** The name of a part, hidden while it is open. */
export function nameOf({ seq }: OpenPart, open: boolean): string {
  const name = `part-${String(seq).padStart(9, '0')}`;
  return open ? `.${name}.open` : `${name}.ndjson`;
}

/** Reads the manifest in this directory; undefined where there is none. @throws DamagedSinkError */
export async function readManifest(fs: FileSystem, home: string): Promise<Manifest | undefined> {
  const names = await fs.list(home);
  if (names.includes(`${NAME}.new`)) await fs.remove(`${home}/${NAME}.new`);
  if (!names.includes(NAME)) return undefined;
  const path = `${home}/${NAME}`;
  const file = await fs.open(path);
  try {
    return parse(await file.read(0, await file.size()), path);
  } finally {
    await file.close();
  }
}

function parse(bytes: Uint8Array, path: string): Manifest {
  let found: Manifest & { readonly format: unknown };
  try {
    found = decode(bytes) as typeof found;
  } catch (thrown) {
    throw new DamagedSinkError(
      `${show(path)} is no manifest: ${messageOf(thrown)}; restore a copy`,
    );
  }
  if (found?.format === FORMAT) return found;
  throw new DamagedSinkError(
    `${show(path)} has format ${show(found?.format)}, and this version reads ${FORMAT}; use a newer one`,
  );
}

/** Replaces the manifest in one step that survives a crash. */
export async function writeManifest(fs: FileSystem, home: string, next: Manifest): Promise<void> {
  const fresh = `${home}/${NAME}.new`;
  const file = await fs.open(fresh);
  try {
    await file.append(encode({ format: FORMAT, ...next }));
    await file.sync();
  } finally {
    await file.close();
  }
  await fs.rename(fresh, `${home}/${NAME}`);
  await fs.syncDir(home);
}
