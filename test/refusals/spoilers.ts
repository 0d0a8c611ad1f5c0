/** What the tests of refusals do to stored checkpoints that nothing else would. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import type { Store } from 'tidemark';
import { fileStore } from 'tidemark/files';
import { Names } from '../../adapters/redis/names.js';
import {
  encodeRecord,
  FILE_HEADER,
  type LogRecord,
  recordAt,
  statedLength,
} from '../../lib/log/record.js';
import type { Spoiler } from './refusals.js';

/** One that keeps checkpoints in tables, whatever they are asked through. */
export function sqlSpoiler(
  store: Store,
  ask: (statement: string, params: string[]) => Promise<unknown>,
): Spoiler {
  return {
    fresh: () => store,
    async newer(job) {
      await ask('update tidemark_checkpoint set format = 2 where job = $1', [job]);
      return store;
    },
    async damage(job, which) {
      const newest = ' and n = (select max(n) from tidemark_state where job = $1)';
      await ask(
        `update tidemark_state set data = overlay(data placing '\\x3939' from octet_length(data)) where job = $1${which === 'all' ? '' : newest}`,
        [job],
      );
      return store;
    },
  };
}

export function redisSpoiler(store: Store, client: Redis): Spoiler {
  const keysOf = (job: string) => new Names('tidemark').task(job, '0');
  return {
    fresh: () => store,
    async newer(job) {
      await client.hset(keysOf(job).meta, 'format', '2');
      return store;
    },
    async damage(job, which) {
      const { meta, state, undo } = keysOf(job);
      const newest = `${await client.hget(meta, 'n')} `;
      for (const key of which === 'all' ? [state, undo] : [state]) {
        for (const [piece, bytes] of Object.entries(await client.hgetallBuffer(key))) {
          if (which === 'newest' && !bytes.toString('latin1').startsWith(newest)) continue;
          bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
          await client.hset(key, piece, bytes);
        }
      }
      return store;
    },
  };
}

/** One in files: each test has a directory of its own below `base`, which is closed while it is changed. */
export function fileSpoiler(base: string): Spoiler & { close(): Promise<void> } {
  let serial = 0;
  let store: Store | undefined;
  let left: Uint8Array = new Uint8Array();
  const dir = () => join(base, String(serial));
  const log = () => join(dir(), 'tidemark.log');
  const close = async () => {
    await store?.close();
    store = undefined;
  };
  const again = async (change: (bytes: Buffer) => Uint8Array) => {
    await close();
    left = change(readFileSync(log()));
    writeFileSync(log(), left);
    store = await fileStore({ dir: dir() });
    return store;
  };
  return {
    close,
    async fresh() {
      await close();
      serial++;
      store = await fileStore({ dir: dir() });
      return store;
    },
    newer: () => again(raised),
    damage: (_, which) =>
      again((bytes) => {
        for (const [i, end] of commitsOf(bytes).reverse().entries()) {
          if (which === 'newest' && i > 0) break;
          bytes.writeUInt8(bytes.readUInt8(end - 2) ^ 1, end - 2);
        }
        return bytes;
      }),
    untouched: () => readFileSync(log()).equals(left),
  };
}

function* recordsOf(log: Buffer): Generator<LogRecord & { readonly end: number }> {
  for (let at = FILE_HEADER.length; at < log.length; ) {
    const record = recordAt(log, at) as LogRecord;
    at += statedLength(log, at) as number;
    yield { ...record, end: at };
  }
}

function commitsOf(log: Buffer): number[] {
  return [...recordsOf(log)].flatMap(({ entry, end }) => (entry.kind === 'commit' ? [end] : []));
}

/* As a version to come would write it. */
function raised(log: Buffer): Uint8Array {
  const records = [...recordsOf(log)].map(({ entry, raw }) =>
    encodeRecord(
      entry.kind === 'commit' || entry.kind === 'task' ? { ...entry, format: 2 } : entry,
      [raw],
    ),
  );
  return Buffer.concat([FILE_HEADER, ...records]);
}
