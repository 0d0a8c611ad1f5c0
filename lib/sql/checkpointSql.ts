/** The statements of the checkpoint store: one row per task, one per piece of state. */
import { qualified } from './tableSql.js';

/** The statements for checkpoints in one schema. */
export interface CheckpointSql {
  readonly create: readonly string[];
  readonly acquire: string;
  readonly lock: string;
  readonly advance: string;
  readonly last: string;
  readonly readState: string;
  readonly writeState: string;
  readonly dropState: string;
}

/** Pieces of state read at a time. */
export const STATE_PAGE = 64;

/** Builds them. The schema has been checked. */
export function checkpointSql(schema: string): CheckpointSql {
  const tasks = qualified({ schema, table: 'tidemark_checkpoint' });
  const state = qualified({ schema, table: 'tidemark_state' });
  const name = (column: string) => `${column} text collate "C" not null`;
  const held = 'epoch::text, n::text, fingerprint, format::text, drained::text, positions';
  return {
    create: [
      `create table if not exists ${tasks} (${name('job')}, ${name('task')}, epoch int8 not null, n int8 not null, positions text not null, fingerprint text not null, drained bool not null, format int4 not null, primary key (job, task))`,
      `create table if not exists ${state} (${name('job')}, ${name('task')}, ${name('operator')}, ${name('chunk')}, n int8 not null, data bytea not null, primary key (job, task, operator, chunk))`,
    ],
    // waits for a running commit of the owner before, which holds the row
    acquire: `insert into ${tasks} as c (job, task, epoch, n, positions, fingerprint, drained, format)
 values ($1, $2, 1, 0, $3, '', false, $4::int4) on conflict (job, task) do update set epoch = c.epoch + 1 returning ${held}`,
    lock: `select ${held} from ${tasks} where job = $1 and task = $2 for update`,
    advance: `update ${tasks} set n = $3::int8, positions = $4, fingerprint = $5, drained = $6::bool, format = $7::int4 where job = $1 and task = $2`,
    last: `select ${held} from ${tasks} where job = $1 and task = $2`,
    readState: `select operator, chunk, convert_from(data, 'UTF8') as data from ${state}
 where job = $1 and task = $2 and ($3::text is null or (operator, chunk) > ($3, $4)) order by operator, chunk limit ${STATE_PAGE}`,
    writeState: `insert into ${state} (job, task, operator, chunk, n, data)
 select $1, $2, u.o, u.c, $3::int8, convert_to(u.d, 'UTF8') from unnest($4::text[], $5::text[], $6::text[]) as u(o, c, d)
 on conflict (job, task, operator, chunk) do update set n = excluded.n, data = excluded.data`,
    dropState: `delete from ${state} s using unnest($3::text[], $4::text[]) as u(o, c)
 where s.job = $1 and s.task = $2 and s.operator = u.o and s.chunk = u.c`,
  };
}
