/** The prepared data directory: where it is, and how it is laid out on disk without running initdb. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const NAME = 'pgdata.tar.gz';
/** From this file in dist/esm or dist/cjs up to the root of the package. */
const LEVELS = 5;
const MAX_UNPACKED = 2 ** 28;
const BLOCK = 512;

/** The path of the archive made when the package was built, or undefined where it is missing. */
export function preparedArchive(): string | undefined {
  let dir = dirname(thisFile());
  for (let i = 0; i < LEVELS; i++, dir = dirname(dir)) {
    const found = [join(dir, NAME), join(dir, 'dist', NAME)].find((path) => existsSync(path));
    if (found !== undefined) return found;
  }
  return undefined;
}

/* `import.meta` does not compile to CommonJS and `__filename` is not in ES modules; the engine knows. */
function thisFile(): string {
  const before = Error.prepareStackTrace;
  try {
    Error.prepareStackTrace = (_, sites) => sites[0]?.getFileName();
    const file = String(new Error().stack);
    return file.startsWith('file:') ? fileURLToPath(file) : file;
  } finally {
    Error.prepareStackTrace = before;
  }
}

/** Unpacks an archive of files and directories (ustar, gzip) into an existing directory. */
export function unpack(archive: string, into: string): void {
  const tar = gunzipSync(readFileSync(archive), { maxOutputLength: MAX_UNPACKED });
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const header = tar.subarray(at, at + BLOCK);
    const name = field(header, 345, 155) === '' ? field(header, 0, 100) : undefined;
    const size = Number.parseInt(field(header, 124, 12), 8) || 0;
    const path = name === undefined ? undefined : normalize(join(into, name));
    if (path === undefined || !`${path}${sep}`.startsWith(`${normalize(into)}${sep}`)) {
      throw new Error(`${archive} is not an archive of ours`);
    }
    if (header[156] === 0x35) mkdirSync(path, { recursive: true });
    else writeFileSync(path, tar.subarray(at + BLOCK, at + BLOCK + size), { mode: 0o600 });
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}

function field(header: Uint8Array, from: number, length: number): string {
  const bytes = header.subarray(from, from + length);
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('latin1');
}
