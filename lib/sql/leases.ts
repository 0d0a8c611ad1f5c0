/** Leases in Postgres: one row per task, and the server's clock alone decides. */
import type { LeaseAnswer, LeaseClaim, LeaseStore } from '../ports.js';
import { storeError } from './client.js';
import { define } from './define.js';
import { escapeText, unescapeText } from './literals.js';
import { Opening } from './opening.js';
import type { SqlHome } from './table.js';
import { qualified } from './tableSql.js';

export class SqlLeases implements LeaseStore {
  private readonly table: string;
  private readonly opening: Opening<void>;

  constructor(private readonly home: SqlHome) {
    this.table = qualified({ schema: home.schema, table: 'tidemark_lease' });
    const { client } = home;
    this.opening = new Opening(() => define(client, [this.table], [this.definition]), failed);
  }

  async take({ job, task, holder, ttlMs }: LeaseClaim & { ttlMs: number }): Promise<LeaseAnswer> {
    const taking = `insert into ${this.table} as l (job, task, holder, until)
 values ($1, $2, $3, clock_timestamp() + $4::int8 * interval '1 ms') on conflict (job, task) do update
 set holder = excluded.holder, until = excluded.until where l.holder = $3 or l.until <= clock_timestamp() returning 1`;
    const looking = `select holder, ceil(extract(epoch from until - clock_timestamp()) * 1000)::text as ms
 from ${this.table} where job = $1 and task = $2`;
    const id = [escapeText(job), escapeText(task)];
    const own = escapeText(holder);
    await this.opening.done;
    return this.home.client
      .transaction(async (tx): Promise<LeaseAnswer> => {
        const taken = await tx.query(taking, [...id, own, String(ttlMs)]);
        if (taken.rows.length > 0) return { taken: true };
        const { rows } = await tx.query(looking, id);
        const leftMs = Math.max(0, Number(rows[0]?.ms ?? 0));
        return { taken: false, holder: unescapeText(rows[0]?.holder ?? own), leftMs };
      })
      .catch(failed);
  }

  async release({ job, task, holder }: LeaseClaim): Promise<void> {
    await this.opening.done;
    const own = [job, task, holder].map(escapeText);
    const giveUp = `delete from ${this.table} where job = $1 and task = $2 and holder = $3`;
    await this.home.client.query(giveUp, own).catch(failed);
  }

  private get definition(): string {
    const name = (column: string) => `${column} text collate "C" not null`;
    return `create table if not exists ${this.table} (${name('job')}, ${name('task')}, ${name('holder')}, until timestamptz not null, primary key (job, task))`;
  }
}

function failed(thrown: unknown): never {
  throw storeError('leases', thrown);
}
