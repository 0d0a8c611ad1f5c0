/** What a job refuses, on the stores that need no server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from 'tidemark';
import { embeddedStore } from 'tidemark/embedded';
import { fileStore } from 'tidemark/files';
import { memoryStore } from 'tidemark/memory';
import { refusalTests } from './refusals.js';

const dir = mkdtempSync(join(tmpdir(), 'tidemark-refusals-'));
const stores = new Map<string, Store>();
beforeAll(async () => {
  stores.set('memory', memoryStore());
  stores.set('files', await fileStore({ dir: join(dir, 'files') }));
  stores.set('PGlite', await embeddedStore({ dir: join(dir, 'pglite') }));
}, 60_000);
afterAll(async () => {
  for (const store of stores.values()) await store.close();
  rmSync(dir, { recursive: true, force: true });
});

for (const kind of ['memory', 'files', 'PGlite']) {
  refusalTests(kind, () => stores.get(kind) as Store);
}
