/**
 * The statements of the checkpoint store. A task has a row with the headers of its newest checkpoint
 * and of the one before, and the names of the pieces that the newest touched. A piece of state has a
 * row for each checkpoint that changed it, empty where it was dropped; checkpoint c is made of the
 * newest version at or below c of each. Versions are freed by those names, each by its primary key:
 * a planner without statistics would read all state for it.
 */
import { qualified } from './tableSql.js';

/** The statements for checkpoints in one schema. */
export interface CheckpointSql {
  readonly tables: readonly string[];
  readonly create: readonly string[];
  readonly acquire: string;
  /** The row of a task, held until the end of the transaction: alone, or with other readers. */
  readonly lock: string;
  readonly hold: string;
  readonly last: string;
  readonly advance: string;
  /** Makes the checkpoint before, $3, the newest one again, and forgets what came after it. */
  readonly stepBack: readonly [pieces: string, header: string];
  /** Reads the pieces of checkpoint $3: opened, read until a page is not full, closed. */
  readonly openState: string;
  readonly readState: string;
  readonly closeState: string;
  /** How many pieces the newest checkpoint touched, and how many of these have a version of it. */
  readonly countNewest: string;
  /** Writes this many pieces: their names as two arrays, then a text for each. */
  readonly writeState: (pieces: number) => string;
  readonly dropState: string;
  /** Pieces that a task of this name left, whose own row was deleted. */
  readonly clear: string;
  /** Frees versions that neither the newest checkpoint, $3, nor what comes after it sees. */
  readonly forget: string;
}

/** Pieces of state read at a time: what is checked in one turn. */
export const STATE_PAGE = 16;

/** Builds them. The schema has been checked. */
export function checkpointSql(schema: string): CheckpointSql {
  const tasks = qualified({ schema, table: 'tidemark_checkpoint' });
  const state = qualified({ schema, table: 'tidemark_state' });
  return { ...taskSql(tasks, state), ...pieceSql(tasks, state), tables: [tasks, state] };
}

const ofTask = 'job = $1 and task = $2';
const name = (column: string) => `${column} text collate "C" not null`;
const header = ['n', 'positions', 'fingerprint', 'drained'];
const types = ['int8 not null', 'text not null', 'text not null', 'bool not null'];

function taskSql(tasks: string, state: string) {
  const columns = [...header, ...header.map((column) => `before_${column}`)];
  const typed = columns.map((column, i) => `${column} ${types[i % types.length]}`).join(', ');
  const held = ['epoch', 'format', ...columns].map((column) => `${column}::text`).join(', ');
  return {
    create: [
      `create table if not exists ${tasks} (${name('job')}, ${name('task')}, epoch int8 not null, format int4 not null, ${typed}, touched_operators text[] not null default '{}', touched_chunks text[] not null default '{}', primary key (job, task))`,
      `create table if not exists ${state} (${name('job')}, ${name('task')}, ${name('operator')}, ${name('chunk')}, n int8 not null, data bytea, primary key (job, task, operator, chunk, n))`,
    ],
    // waits for a running commit of the owner before, which holds the row
    acquire: `insert into ${tasks} as c (job, task, epoch, format, ${columns.join(', ')})
 values ($1, $2, 1, $3::int4, 0, '', '', false, 0, '', '', false) on conflict (job, task) do update set epoch = c.epoch + 1 returning ${held}`,
    lock: `select ${held} from ${tasks} where ${ofTask} for update`,
    hold: `select ${held} from ${tasks} where ${ofTask} for share`,
    last: `select ${held} from ${tasks} where ${ofTask}`,
    advance: `update ${tasks} set ${header.map((c) => `before_${c} = ${c}`).join(', ')},
 n = $3::int8, positions = $4, fingerprint = $5, drained = $6::bool, format = $7::int4,
 touched_operators = $8::text[], touched_chunks = $9::text[] where ${ofTask}`,
  };
}

function pieceSql(tasks: string, state: string) {
  const named = 'unnest($4::text[], $5::text[]';
  // the `offset` keeps the planner from any other way than one look into the index for each name
  const touched = (which: string) =>
    `delete from ${state} where ctid = any(array(select s.ctid from ${tasks} t, unnest(t.touched_operators, t.touched_chunks) as u(o, c),
 lateral (select ctid from ${state} where ${ofTask} and operator = u.o and chunk = u.c and ${which} offset 0) s where t.job = $1 and t.task = $2))`;
  return {
    stepBack: [
      // all of them, also one that stands under another name
      `delete from ${state} where ${ofTask} and n > $3::int8`,
      `update ${tasks} set ${header.map((c) => `${c} = before_${c}`).join(', ')}, before_n = 0,
 touched_operators = '{}', touched_chunks = '{}' where ${ofTask}`,
    ] as const,
    openState: `declare tidemark_pieces no scroll cursor for select operator, chunk, n::text, encode(data, 'hex') as data from (
 select distinct on (operator, chunk) operator, chunk, n, data from ${state} where ${ofTask} and n <= $3::int8
 order by operator, chunk, n desc) s where data is not null`,
    readState: `fetch ${STATE_PAGE} from tidemark_pieces`,
    closeState: 'close tidemark_pieces',
    clear: `delete from ${state} where ${ofTask}`,
    countNewest: `select cardinality(t.touched_chunks)::text as touched,
 (select count(*) from ${state} s where s.job = t.job and s.task = t.task and s.n = t.n)::text as found
 from ${tasks} t where t.job = $1 and t.task = $2`,
    writeState: (pieces: number) => {
      const texts = Array.from({ length: pieces }, (_, i) => `$${i + 6}`);
      return `insert into ${state} (job, task, operator, chunk, n, data)
 select $1, $2, u.o, u.c, $3::int8, convert_to(u.d, 'UTF8') from ${named}, array[${texts.join(', ')}]::text[]) as u(o, c, d)`;
    },
    dropState: `insert into ${state} (job, task, operator, chunk, n)
 select $1, $2, u.o, u.c, $3::int8 from ${named}) as u(o, c)`,
    // the newest is about to be the one before: what it replaced is seen by nobody, nor are its own drops
    forget: touched('(n < $3::int8 or (n = $3::int8 and data is null))'),
  };
}
