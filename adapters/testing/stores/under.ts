/** What the laws ask of a store: how to reach it, and how to do to it what only its maker can. */
import type { Store } from '../../../lib/ports.js';

/** A store that is held to the laws. */
export interface StoreUnderTest {
  /** The open store; each law asks anew, so it may be opened after the laws were listed. */
  store(): Store | Promise<Store>;
  /** What the store's clock gives; without it, arrival times are not looked at. */
  readonly clock?: { ms: number };
  /** Another client of the same data, where two can be open at once. */
  another?(): Store | Promise<Store>;
  /** Closes and opens the same data, where the store is durable. */
  reopen?(): Promise<void>;
  /** Makes the stored checkpoint of a job look as if a newer version had written it. */
  raiseFormat?(job: string): Promise<void>;
  /** Damages what is stored of the newest checkpoint of a job. */
  damage?(job: string): Promise<void>;
  /** Takes away what is stored of one piece of the newest checkpoint of a job: operator `op`, this chunk. */
  lose?(job: string, chunk: string): Promise<void>;
  /** Puts what is stored of such a piece under another name. */
  rename?(job: string, chunk: string, to: string): Promise<void>;
  /** Whether its checkpoints have leases: then these have laws too. @default false */
  readonly leases?: boolean;
  /** Whether its tables can expire rows: then that has laws too. @default false */
  readonly expires?: boolean;
  /** Whether its tables have outboxes: then these have laws too. @default false */
  readonly outbox?: boolean;
  /** What this store does not take. */
  readonly limits?: {
    /** The longest text of one key column, in characters. @default 65,536 */
    readonly keyLength?: number;
  };
  /** Begins the name of each table and job; where data outlive a run, another one in each. @default 'law' */
  readonly prefix?: string;
}
