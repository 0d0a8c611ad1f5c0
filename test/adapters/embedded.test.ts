/** The embedded store passes the suite of all stores. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedStore, type Store } from '../../adapters/embedded/index.js';
import { storeSuite } from '../stores.js';

const clock = { ms: 0 };
const dir = mkdtempSync(join(tmpdir(), 'tidemark-test-'));
const open = () => embeddedStore({ dir, clock: { now: () => clock.ms } });
let store: Store;
beforeAll(async () => {
  store = await open();
});
afterAll(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

storeSuite({
  store: () => store,
  clock,
  async reopen() {
    await store.close();
    store = await open();
  },
});
