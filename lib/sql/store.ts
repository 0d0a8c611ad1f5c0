/** Tables and checkpoints over one Postgres client, for every adapter that has one. */
import type { CheckpointStore, Clock, TableConfig, TableStore } from '../ports.js';
import { checkTable } from '../tableLayout.js';
import { SqlCheckpoints } from './checkpoints.js';
import type { SqlClient } from './client.js';
import { type SqlHome, SqlTable } from './table.js';

/** What a store needs besides its client. */
export interface SqlStoreConfig {
  /** How errors of configuration call the store. */
  readonly operator: string;
  readonly clock: Clock;
  /** Where tables without a schema of their own and checkpoints live. @default 'public' */
  readonly schema?: string;
}

/** Gives the same table object for the same name, so that its catalogue is read once. */
export class SqlStore {
  private readonly home: SqlHome;
  private readonly tables = new Map<string, SqlTable>();
  private readonly kept: SqlCheckpoints;

  constructor(
    client: SqlClient,
    private readonly config: SqlStoreConfig,
  ) {
    const { clock, schema = 'public' } = config;
    this.home = { client, clock, schema, transaction: client };
    this.kept = new SqlCheckpoints(this.home);
  }

  /** @throws TypeError when the name or the configuration is wrong */
  table(name: string, config: TableConfig): TableStore {
    checkTable(this.config.operator, name, config);
    const known = this.tables.get(name);
    if (known !== undefined) return known;
    const made = new SqlTable(this.home, name, config);
    this.tables.set(name, made);
    return made;
  }

  checkpoints(): CheckpointStore {
    return this.kept;
  }
}
