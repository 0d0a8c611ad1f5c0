/** The file system of Node, as the log store asks for it. */
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FileSystem, OpenFile } from '../../lib/log/fileSystem.js';
import { lockDirectory } from './lock.js';

/** Steps resolve when the system has done them; a crash of the machine keeps what was synced. */
export const nodeFiles: FileSystem = {
  makeDir,
  syncDir,
  list: (path) => readdir(path),
  open: openFile,
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  lock: lockDirectory,
};

/* Not `recursive: true`: below /proc that never returns; and each name is to survive a crash. */
async function makeDir(path: string): Promise<void> {
  const found = await stat(path).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return undefined;
    throw thrown;
  });
  if (found?.isDirectory() === true) return;
  if (found !== undefined) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
  if (dirname(path) !== path) await makeDir(dirname(path));
  await mkdir(path).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== 'EEXIST') throw thrown;
  });
  await syncDir(dirname(path));
}

/* Windows opens no directories, and needs no such step. */
async function syncDir(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function openFile(path: string): Promise<OpenFile> {
  const handle = await open(path, 'a+', 0o600);
  return {
    size: async () => (await handle.stat()).size,
    async read(at, length) {
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await handle.read(bytes, done, length - done, at + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    },
    async append(bytes) {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await handle.write(bytes, done);
        done += bytesWritten;
      }
    },
    truncate: (size) => handle.truncate(size),
    sync: () => handle.sync(),
    async isAt(other) {
      const [own, named] = await Promise.all([
        handle.stat({ bigint: true }),
        stat(other, { bigint: true }).catch(() => undefined),
      ]);
      return own.ino === named?.ino && own.dev === named.dev;
    },
    close: () => handle.close(),
  };
}
