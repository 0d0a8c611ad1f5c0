/** The layout of a keyed table: checks its configuration, and every row before a store sees it. */
import { type Column, canonical, checkSize, kindOf, Refusal, readable } from './columns.js';
import { configError, messageOf, StoreError, show } from './errors.js';
import { keyId } from './key.js';
import type { Row, TableConfig, Upsert } from './ports.js';
import { SLICE_ROWS, type Sliced } from './turns.js';

/** A row as a store writes it: canonical values by column. */
export interface Prepared {
  readonly upsert: Upsert;
  readonly key: readonly unknown[];
  readonly names: readonly string[];
  readonly values: readonly unknown[];
}

const identifier = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;
const typeName = /^[A-Za-z][A-Za-z0-9_ ]*(\(\d+(, ?\d+)?\))?(\[\])?$/;
/** Columns whose names begin like this are the store's own. */
export const HIDDEN = 'tidemark_';

/** Checks a table's name and configuration. @throws TypeError naming option, rule and value */
export function checkTable(operator: string, name: string, config: TableConfig): void {
  const parts = typeof name === 'string' ? name.split('.') : [];
  const wrong = (option: string, rule: string, got: unknown) =>
    configError(operator, option, rule, got);
  if (parts.length < 1 || parts.length > 2 || !parts.every((p) => identifier.test(p))) {
    throw wrong('name', 'a table name of letters, digits and _ (and a schema before a dot)', name);
  }
  const { key, audit, columns } = config;
  if (!Array.isArray(key) || key.length === 0 || new Set(key).size < key.length) {
    throw wrong('key', 'a list of one or more distinct columns', key);
  }
  for (const column of key) checkColumn(operator, 'key', column);
  if (audit !== undefined) checkColumn(operator, 'audit', audit);
  if (audit !== undefined && key.includes(audit)) throw wrong('audit', 'no key column', audit);
  if (columns === undefined) return;
  for (const [column, type] of Object.entries(columns)) {
    checkColumn(operator, 'columns', column);
    if (!typeName.test(type)) throw wrong(`columns.${column}`, 'the name of a type', type);
    if (column === audit) throw wrong('columns', 'without the audit column', column);
  }
  const missing = key.find((column) => !Object.hasOwn(columns, column));
  if (missing !== undefined) throw wrong('columns', `with the key column ${missing}`, columns);
}

function checkColumn(operator: string, option: string, column: unknown): void {
  if (typeof column === 'string' && identifier.test(column) && !column.startsWith(HIDDEN)) return;
  const rule = `a column name of letters, digits and _, not beginning with ${HIDDEN}`;
  throw configError(operator, option, rule, column);
}

/** The columns that a configuration declares, or undefined where it declares none. */
export function declaredColumns(config: TableConfig): ReadonlyMap<string, Column> | undefined {
  if (config.columns === undefined) return undefined;
  const entries = Object.entries(config.columns);
  return new Map(entries.map(([name, type]) => [name, { name, type, kind: kindOf(type) }]));
}

/** A checked table: which columns it has and what they take. */
export class TableLayout {
  readonly key: readonly Column[];
  private readonly reserved: ReadonlySet<string>;
  private readonly filled: readonly string[];

  /** Without `columns`, any column with any plain data. */
  constructor(
    readonly name: string,
    readonly config: TableConfig,
    readonly columns: ReadonlyMap<string, Column> | undefined,
  ) {
    this.key = config.key.map((column) => this.column(column));
    this.reserved = new Set([...config.key, ...(config.audit === undefined ? [] : [config.audit])]);
    this.filled = Object.keys(config.columns ?? {}).filter((c) => !this.reserved.has(c));
  }

  column(name: string): Column {
    const known = this.columns?.get(name);
    if (known !== undefined) return known;
    if (this.columns === undefined) return { name, kind: 'any', type: 'any' };
    throw new Refusal(`there is no column ${show(name)}`);
  }

  /** Checks a batch. @throws StoreError of kind `'refused'` with all rows that are not taken */
  *prepare(batch: readonly Upsert[]): Sliced<Prepared[]> {
    const refused: Upsert[] = [];
    const reasons: string[] = [];
    const prepared: Prepared[] = [];
    for (const [i, upsert] of batch.entries()) {
      if (i > 0 && i % SLICE_ROWS === 0) yield;
      try {
        prepared.push(this.prepareOne(upsert));
      } catch (thrown) {
        refused.push(upsert);
        reasons.push(messageOf(thrown));
      }
    }
    if (refused.length > 0) throw refusedRows(this.name, refused, reasons);
    return prepared;
  }

  /** A kept row as a reader gets it: copies, and a `Date` for a time. */
  read(kept: Pick<Prepared, 'key' | 'names' | 'values'> & { readonly written: number }): Row {
    const { key, names, values, written } = kept;
    const entries: [string, unknown][] = this.key.map((c, i) => [c.name, readable(c, key[i])]);
    for (const [i, name] of names.entries()) {
      entries.push([name, readable(this.column(name), values[i])]);
    }
    if (this.config.audit !== undefined) entries.push([this.config.audit, new Date(written)]);
    return Object.fromEntries(entries);
  }

  private prepareOne(upsert: Upsert): Prepared {
    const { key, row, op } = upsert;
    if (key.length !== this.key.length) {
      throw new Refusal(`the key has ${this.key.length} columns, not ${key.length}`);
    }
    const forms = this.key.map((column, i) => keyForm(column, key[i]));
    checkSize(forms);
    if (op === 'delete') return { upsert, key: forms, names: [], values: [] };
    const names = this.filled.length > 0 ? this.filled : Object.keys(row);
    const values = names.map((name) => this.value(name, row));
    if (this.filled.length > 0) this.checkNames(row);
    checkSize(values);
    return { upsert, key: forms, names, values };
  }

  private value(name: string, row: Row): unknown {
    if (this.reserved.has(name) || name.startsWith(HIDDEN)) {
      throw new Refusal(`column ${show(name)} cannot be set by a row`);
    }
    return canonical(this.column(name), Object.hasOwn(row, name) ? row[name] : null);
  }

  private checkNames(row: Row): void {
    for (const name of Object.keys(row)) if (!this.filled.includes(name)) this.value(name, row);
  }
}

function keyForm(column: Column, part: unknown): unknown {
  const form = canonical(column, part);
  const isNone = typeof form === 'number' && keyId(form) === undefined;
  if (form === null || isNone) throw new Refusal(`key column ${column.name} is ${form}`);
  return form;
}

/** The error for rows that a table will never take; `why`: one reason for all, or one a row. */
export function refusedRows(
  table: string,
  refused: readonly Upsert[],
  why: string | readonly string[],
  cause?: unknown,
): StoreError {
  const text = (rows: readonly Upsert[], reason = '') => {
    const count = rows.length === 1 ? 'refuses a row' : `refuses ${rows.length} rows`;
    const at = rows[0] === undefined ? '' : ` (key ${show(rows[0].key)})`;
    return `table ${show(table)} ${count}: ${reason}${at}`;
  };
  const each = typeof why === 'string' ? [] : why;
  const reasons = each.map((reason, i) => text(refused.slice(i, i + 1), reason));
  const first = typeof why === 'string' ? why : why[0];
  return new StoreError('refused', text(refused, first), { cause, refused, reasons });
}
