// Sees to it, once and before any test runs, that the servers that tests start can be started; run by itself it says how.
import { fileURLToPath } from 'node:url';

const built = '../dist/test/servers';

/** The servers by name; each resolves to what will be used, or rejects with what to do. */
export const servers = {
  postgres: async () => (await import(`${built}/postgres.js`)).ensurePostgres(),
  redis: async () => (await import(`${built}/redis.js`)).ensureRedis(),
};

/** Says of each server what is used, or what to do. */
export async function ensureServers(log) {
  let missing = 0;
  for (const [name, ensure] of Object.entries(servers)) {
    try {
      log(`${name}: ${await ensure()}`);
    } catch (thrown) {
      missing++;
      log(`${name}: ${thrown.message}`);
    }
  }
  return missing;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = (await ensureServers(console.log)) === 0 ? 0 : 1;
}
