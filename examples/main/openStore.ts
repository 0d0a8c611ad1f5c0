/** Opens the store that `--store` names. */
import { fileStore, type Recovery } from 'tidemark/files';
import { memoryStore, type Store } from 'tidemark/memory';
import type { OutputOptions, StoreOptions } from './options.js';
import type { Streams } from './writers.js';

type Wanted = Pick<StoreOptions, 'store'> & Pick<OutputOptions, 'quiet'>;

/** What a store has to say goes to standard error; what is only good to know does not where it is quiet. */
export async function openStore({ store, quiet }: Wanted, { stderr }: Streams): Promise<Store> {
  const say = (message: string) => stderr.write(`${message}\n`);
  switch (store.kind) {
    case 'memory':
      return memoryStore();
    case 'file': {
      // a torn end is what a kill leaves; of damage the job tells, which must not be overlooked
      const recovered = ({ kind, message }: Recovery) => {
        if (kind === 'torn' && !quiet) say(message);
      };
      return fileStore({ dir: store.dir, recovered });
    }
    case 'redis': {
      const { redisStore } = await import('tidemark/redis');
      const { url, prefix } = store;
      return redisStore({ url, ...(prefix !== undefined && { prefix }), warn: say });
    }
    case 'postgres': {
      const { postgresStore } = await import('tidemark/postgres');
      const { url, schema } = store;
      return postgresStore({ url, ...(schema !== undefined && { schema }), warn: say });
    }
    default: {
      // loaded only where it is used: what it needs is an optional package
      const { embeddedStore } = await import('tidemark/embedded');
      return embeddedStore(store.dir === undefined ? {} : { dir: store.dir });
    }
  }
}
