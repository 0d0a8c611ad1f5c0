/** The data directory of an embedded store: made, locked, filled once, and removed if it was temporary. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { messageOf, StoreError, show } from '../../lib/errors.js';
import { isHeld, isLockFile, lock } from './lock.js';
import { preparedArchive, unpack } from './prepared.js';

const MARKER = 'tidemark.loading';
const TEMPORARY = 'tidemark-pg-';

/** A directory that this process holds. */
export interface DataDirectory {
  readonly path: string;
  /** It was empty, and was filled from the prepared one. */
  readonly isNew: boolean;
  /** Empties it and begins again without the prepared one: it belongs to another version of Postgres. */
  empty(): void;
  /** What fills the directory is done: a kill from here on leaves a whole one. */
  filled(): void;
  /** Frees the lock, and removes a temporary directory. */
  release(): void;
}

/** Opens a directory, or makes a temporary one. @throws StoreError in one sentence */
export function openDirectory(dir: string | undefined): DataDirectory {
  try {
    if (dir === undefined) sweep();
    const path = dir === undefined ? mkdtempSync(join(tmpdir(), TEMPORARY)) : resolve(dir);
    makeDirectory(path);
    return hold(path, dir === undefined);
  } catch (thrown) {
    if (thrown instanceof StoreError) throw thrown;
    throw unusable(dir ?? tmpdir(), thrown);
  }
}

/* Not `recursive: true`: below /proc that never returns. */
function makeDirectory(path: string): void {
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    return;
  }
  if (dirname(path) !== path) makeDirectory(dirname(path));
  mkdirSync(path);
}

function hold(path: string, temporary: boolean): DataDirectory {
  const unlock = lock(path);
  const marker = join(path, MARKER);
  const empty = () => {
    for (const name of readdirSync(path)) {
      if (!isLockFile(name) && name !== MARKER) rmSync(join(path, name), { recursive: true });
    }
  };
  try {
    const isNew = fill(path, empty);
    return {
      path,
      isNew,
      empty,
      filled: () => rmSync(marker, { force: true }),
      release: () => {
        if (temporary) rmSync(path, { recursive: true, force: true });
        else unlock();
      },
    };
  } catch (thrown) {
    unlock();
    throw thrown;
  }
}

/* The marker stands from before the first file until Postgres has started: a kill in between leaves
   a directory that the next open knows to be half-made by us. */
function fill(path: string, empty: () => void): boolean {
  const names = readdirSync(path).filter((name) => !isLockFile(name));
  if (names.includes(MARKER)) empty();
  else if (names.includes('PG_VERSION')) return false;
  else if (names.length > 0) {
    throw new StoreError(
      'refused',
      `embeddedStore: ${show(path)} holds other files and no store; give an empty directory or a new one`,
    );
  }
  writeFileSync(join(path, MARKER), '');
  const archive = preparedArchive();
  if (archive !== undefined) unpack(archive, path);
  return true;
}

/* Temporary directories of processes that were killed. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(TEMPORARY)) continue;
    const path = join(tmpdir(), name);
    const old = Date.now() - statSync(path).mtimeMs > 60_000;
    try {
      if (old && !isHeld(path)) rmSync(path, { recursive: true, force: true });
    } catch {
      // another's, or just removed by another: not ours to report
    }
  }
}

function unusable(dir: string, thrown: unknown): StoreError {
  const code = (thrown as NodeJS.ErrnoException).code ?? '';
  const why = reasons.get(code) ?? messageOf(thrown);
  return new StoreError('refused', `embeddedStore: cannot use ${show(dir)}: ${why}`, {
    cause: thrown,
  });
}

const reasons = new Map([
  ['ENOENT', 'no directory can be made there'],
  ['ENOTDIR', 'it is not a directory, or lies below a file'],
  ['EACCES', 'this process may not write there'],
  ['EPERM', 'this process may not write there'],
  ['EROFS', 'the file system is read-only'],
  ['ENOSPC', 'the disk is full'],
]);
