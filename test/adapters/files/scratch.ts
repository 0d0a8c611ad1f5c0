/** A folder that a test may write into, gone afterwards; and a source run by hand. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Reader, Source } from '../../../lib/ports.js';

const folders: string[] = [];

export function scratchFile(name: string, content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-files-'));
  folders.push(folder);
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

export function cleanScratch(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export interface Run<T> {
  readonly values: T[];
  readonly position: unknown;
  readonly reader: Reader;
  readonly failure: unknown;
}

/** Reads a source to its end, or up to `stopAfter` events; `seen` is called inside each emission. */
export function run<T>(
  source: Source<T>,
  from?: unknown,
  o: { stopAfter?: number; seen?: (value: T, reader: Reader) => void } = {},
): Promise<Run<T>> {
  return new Promise((resolve) => {
    const values: T[] = [];
    const done = (failure?: unknown) => {
      const position = structuredClone(reader.position());
      resolve({ values, position, reader, failure });
    };
    const reader = source.open(from, {
      event: (value) => {
        values.push(value);
        o.seen?.(value, reader);
        if (values.length === o.stopAfter) {
          reader.pause();
          done();
        }
      },
      declare: () => {},
      finished: () => done(),
      failed: done,
    });
    reader.resume();
  }).then(async (r) => {
    await (r as Run<T>).reader.close();
    return r as Run<T>;
  });
}
