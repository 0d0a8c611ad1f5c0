/** What a job refuses, on the stores that need no server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from 'tidemark';
import { fileStore } from 'tidemark/files';
import { memoryStore } from 'tidemark/memory';
import { openDirectory } from '../../adapters/embedded/directory.js';
import { startPostgres } from '../../adapters/embedded/postgres.js';
import { SqlStore } from '../../lib/sql/store.js';
import { refusalTests, type Spoiler } from './refusals.js';
import { fileSpoiler, sqlSpoiler } from './spoilers.js';

const dir = mkdtempSync(join(tmpdir(), 'tidemark-refusals-'));
const stores = new Map<string, Store>();
const spoilers = new Map<string, Spoiler>();
const files = fileSpoiler(join(dir, 'spoiled'));
beforeAll(async () => {
  stores.set('memory', memoryStore());
  stores.set('files', await fileStore({ dir: join(dir, 'files') }));
  const directory = openDirectory(join(dir, 'pglite'));
  const postgres = await startPostgres(directory);
  const tables = new SqlStore(postgres, { operator: 'store', clock: { now: () => Date.now() } });
  const close = async () => {
    await postgres.close();
    directory.release();
  };
  const embedded = Object.assign(tables, { close });
  stores.set('PGlite', embedded);
  spoilers.set('files', files);
  spoilers.set(
    'PGlite',
    sqlSpoiler(embedded, (text, params) => postgres.query(text, params)),
  );
}, 60_000);
afterAll(async () => {
  for (const store of stores.values()) await store.close();
  await files.close();
  rmSync(dir, { recursive: true, force: true });
});

refusalTests('memory', () => stores.get('memory') as Store);
for (const kind of ['files', 'PGlite']) {
  refusalTests(
    kind,
    () => stores.get(kind) as Store,
    () => spoilers.get(kind) as Spoiler,
  );
}
