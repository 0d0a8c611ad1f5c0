/** The statements of a keyed table: text built from checked, quoted names; every value is a parameter. */
import type { Column } from '../columns.js';
import type { TableConfig } from '../ports.js';
import { textOf } from './literals.js';

/** A column as the catalogue has it; `type` is its bare name, `cast` how a cast names it. */
export interface SqlColumn extends Column {
  readonly cast: string;
}

/** A table with its schema. */
export interface TableName {
  readonly schema: string;
  readonly table: string;
}

const REVISION = 'tidemark_revision';
const TIMESTAMP = 'tidemark_timestamp';
const CONFLICT = 'tidemark_conflict';
/** Columns of the store's own: the order of the row, and whether it won over another of its order. */
export const hiddenColumns: ReadonlyMap<string, string> = new Map([
  [REVISION, `float8[] not null default '{}'`],
  [TIMESTAMP, `int8 not null default ${-(2n ** 63n)}`],
  [CONFLICT, 'bool not null default false'],
]);

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Names are never looked up along a search path. */
export function qualified({ schema, table }: TableName): string {
  return `${quote(schema)}.${quote(table)}`;
}

/** The name of the table of tombstones. */
export function tombstones(schema: string): string {
  return qualified({ schema, table: 'tidemark_tombstones' });
}

export function createTombstones(schema: string): string {
  return `create table if not exists ${tombstones(schema)} ("table" text collate "C" not null, key text collate "C" not null, revision float8[] not null, timestamp int8 not null, primary key ("table", key))`;
}

/** Text keys are in the order of code points, which is that of `rows()`. */
export function createTable(name: TableName, { key, columns, audit }: TableConfig): string {
  const lines = Object.entries(columns ?? {}).map(([column, type]) => {
    const collation = key.includes(column) && /^(text|varchar)/i.test(type) ? ' collate "C"' : '';
    return `${quote(column)} ${type}${collation}`;
  });
  if (audit !== undefined) lines.push(`${quote(audit)} timestamptz`);
  for (const [column, type] of hiddenColumns) lines.push(`${column} ${type}`);
  lines.push(`primary key (${key.map(quote).join(', ')})`);
  return `create table if not exists ${qualified(name)} (${lines.join(', ')})`;
}

export function addColumn(name: TableName, column: string): string {
  return `alter table ${qualified(name)} add column if not exists ${column} ${hiddenColumns.get(column)}`;
}

/** Columns of a table: name, bare type, type for a cast, with a collation that takes different texts for equal. */
export const readColumns = `select a.attname as name, t.typname as type, format_type(a.atttypid, null)
 || coalesce(' collate ' || quote_ident(n.nspname) || '.' || quote_ident(l.collname), '') as cast
 from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
 left join pg_catalog.pg_collation l on l.oid = a.attcollation and not l.collisdeterministic
 left join pg_catalog.pg_namespace n on n.oid = l.collnamespace
 where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum`;

/** The unique keys of a table, each as a list of columns in order of name. */
export const readKeys = `select (select string_agg(a.attname, ',' order by a.attname collate "C") from pg_catalog.pg_attribute a
 where a.attrelid = i.indrelid and a.attnum = any(i.indkey)) as key
 from pg_catalog.pg_index i where i.indrelid = to_regclass($1) and i.indisunique and i.indimmediate
 and i.indpred is null and i.indexprs is null and i.indnatts = i.indnkeyatts`;

/** The shape of a batch: which columns it sets. */
export interface Shape {
  readonly name: TableName;
  readonly key: readonly SqlColumn[];
  readonly values: readonly SqlColumn[];
  readonly audit?: string | undefined;
}

const order = (of: string) => `(${of}.${REVISION}, ${of}.${TIMESTAMP})`;
const given = '(u.r::float8[], u.t::int8)';

/* Parameters: a text array per column, one of revisions, one of timestamps; then what `more` names. */
function input({ key, values }: Pick<Shape, 'key' | 'values'>): string {
  const count = key.length + values.length;
  const arrays = Array.from({ length: count + 2 }, (_, i) => `$${i + 1}::text[]`);
  const names = Array.from({ length: count }, (_, i) => `c${i}`);
  return `unnest(${arrays.join(', ')}) as u(${[...names, 'r', 't'].join(', ')})`;
}

function idOf(key: readonly SqlColumn[]): string {
  return `array[${key.map((_, i) => `u.c${i}`).join(', ')}]::text`;
}

/**
 * Upserts a batch; gives `written` and `conflicts`. After the arrays come the table's name for
 * tombstones and the arrival time. A row of equal order is written only if its content differs, and
 * remembers in its hidden column that it won a conflict: so the count is exact without reading first.
 */
export function upsertSql(shape: Shape): string {
  const { name, key, values, audit } = shape;
  const next = key.length + values.length + 3;
  const columns = [...key, ...values];
  const into = [...columns.map((c) => quote(c.name)), REVISION, TIMESTAMP, CONFLICT];
  const from = [
    ...columns.map((c, i) => `u.c${i}::${c.cast}`),
    'u.r::float8[]',
    'u.t::int8',
    'false',
  ];
  const set = values.map((c) => `${quote(c.name)} = excluded.${quote(c.name)}`);
  set.push(`${REVISION} = excluded.${REVISION}`, `${TIMESTAMP} = excluded.${TIMESTAMP}`);
  set.push(`${CONFLICT} = ${order('excluded')} = ${order('old')}`);
  if (audit !== undefined) {
    into.push(quote(audit));
    from.push(`$${next + 1}::timestamptz`);
    set.push(`${quote(audit)} = excluded.${quote(audit)}`);
  }
  const graves = tombstones(name.schema);
  const alive = `case when (select exists (select from ${graves} where "table" = $${next}))
 then not exists (select from ${graves} d where d."table" = $${next} and d.key = ${idOf(key)}
 and (d.revision, d.timestamp) > ${given}) else true end`;
  return `with done as (insert into ${qualified(name)} as old (${into.join(', ')})
 select ${from.join(', ')} from ${input(shape)} where ${alive}
 on conflict (${key.map((c) => quote(c.name)).join(', ')}) do update set ${set.join(', ')}
 where ${order('excluded')} > ${order('old')} or (${order('excluded')} = ${order('old')} and ${differs(values)})
 returning ${CONFLICT})
 select count(*)::text as written, (count(*) filter (where ${CONFLICT}))::text as conflicts from done`;
}

function differs(values: readonly SqlColumn[]): string {
  const compared = values.map((c) => {
    const cast = c.type === 'json' || c.kind === 'other' ? '::text' : '';
    return `excluded.${quote(c.name)}${cast} is distinct from old.${quote(c.name)}${cast}`;
  });
  return compared.length === 0 ? 'false' : `(${compared.join(' or ')})`;
}

/** Deletes the rows that are not higher and leaves tombstones; gives `written`. Last comes the table's name. */
export function deleteSql({ name, key }: Shape): string {
  const match = key.map((c, i) => `old.${quote(c.name)} = u.c${i}::${c.cast}`).join(' and ');
  const table = `${qualified(name)} old`;
  const graves = tombstones(name.schema);
  return `with u as (select * from ${input({ key, values: [] })}),
 removed as (delete from ${table} using u where ${match} and ${order('old')} <= ${given} returning 1),
 graves as (insert into ${graves} as d ("table", key, revision, timestamp)
 select $${key.length + 3}, ${idOf(key)}, u.r::float8[], u.t::int8 from u
 where not exists (select from ${table} where ${match} and ${order('old')} > ${given})
 on conflict ("table", key) do update set revision = excluded.revision, timestamp = excluded.timestamp
 where (excluded.revision, excluded.timestamp) > (d.revision, d.timestamp))
 select count(*)::text as written, '0' as conflicts from removed`;
}

/**
 * Which rows of a batch have a key that one before them has too: `place`, from 0, and `round`, how
 * many those are. Only the database knows what is equal in types that it alone knows.
 */
export function roundsSql(key: readonly SqlColumn[]): string {
  const arrays = key.map((_, i) => `$${i + 1}::text[]`);
  const names = key.map((_, i) => `c${i}`);
  const forms = key.map((c, i) => `c${i}::${c.cast}`);
  return `select place::text, round::text from (select o - 1 as place, row_number() over (partition by ${forms.join(', ')} order by o) - 1 as round
 from unnest(${arrays.join(', ')}) with ordinality as u(${names.join(', ')}, o)) s where round > 0`;
}

export function forgetSql(schema: string): string {
  return `delete from ${tombstones(schema)} where "table" = $1 and timestamp <= $2::int8`;
}

/** Deletes rows of sinks at or before an event time, and their tombstones; gives `rows`. */
export function expireSql(name: TableName): string {
  const none = -(2n ** 63n);
  return `with gone as (delete from ${qualified(name)} where ${TIMESTAMP} <= $2::int8 and ${TIMESTAMP} > ${none} returning 1),
 graves as (${forgetSql(name.schema)})
 select count(*)::text as rows from gone`;
}

/** A page of rows in key order; with `after`, the parameters are the last key of the page before. */
export function pageSql(name: TableName, key: readonly SqlColumn[], o: PageOptions): string {
  const ordered = key.map((c) => quote(c.name) + (c.kind === 'text' ? ' collate "C"' : ''));
  const values = o.columns.map((c, i) => `${textOf(c, quote(c.name))} as v${i}`);
  const marks = key.map((c, i) => `${quote(c.name)}::text as k${i}`);
  const last = key.map((c, i) => `$${i + 1}::${c.cast}`);
  const where = o.after ? ` where (${ordered.join(', ')}) > (${last.join(', ')})` : '';
  return `select ${[...values, ...marks].join(', ')} from ${qualified(name)}${where} order by ${ordered.join(', ')} limit ${o.limit}`;
}

export interface PageOptions {
  readonly columns: readonly SqlColumn[];
  readonly limit: number;
  readonly after: boolean;
}
