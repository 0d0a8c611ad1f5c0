/** Names of keys: every part escaped, so that no two things share a name; one hash tag, so that all lie in one slot. */
import { fromPercent, toPercent } from '../../lib/percent.js';
import type { OutboxOwner } from '../../lib/ports.js';

/* What separates or groups in a key, and what Redis cannot be given as text. */
const special = /[%:{}\p{Cs}]/u;
const plain = /[^%:{}\p{Cs}]/u;

/** One part of a key, or of a field: `%`, `:`, braces and lone surrogates are percent-encoded. */
export function escapePart(text: string): string {
  return special.test(text) ? toPercent(text, plain) : text;
}

/** Undoes `escapePart`. */
export function unescapePart(text: string): string {
  return fromPercent(text) ?? text;
}

/** The keys of one task. */
export interface TaskKeys {
  /** Epoch, newest n, and the headers of the newest checkpoint and of the one before. */
  readonly meta: string;
  /** The pieces of the newest checkpoint. */
  readonly state: string;
  /** What the newest checkpoint replaced. */
  readonly undo: string;
}

/** The keys of one table. */
export interface TableKeys {
  /** The rows by key, in order. */
  readonly index: string;
  /** The order of each deleted key. */
  readonly graves: string;
  /** Deleted keys by event time. */
  readonly times: string;
}

/** All keys of a store. */
export class Names {
  private readonly tag: string;

  constructor(prefix: string) {
    this.tag = `{${escapePart(prefix)}}`;
  }

  /** Writes that are under way: what is staged and committed, and not yet applied. */
  get pending(): string {
    return `${this.tag}:pending`;
  }

  task(job: string, task: string): TaskKeys {
    const key = (what: string) => this.key(what, job, task);
    return { meta: key('task'), state: key('state'), undo: key('undo') };
  }

  table(name: string): TableKeys {
    const key = (what: string) => this.key(what, name);
    return { index: key('index'), graves: key('graves'), times: key('grave-times') };
  }

  /** The key of a row; its id is already escaped. */
  row(table: string, id: string): string {
    return `${this.key('table', table)}:${id}`;
  }

  /** Where the items of one large write are staged, wait to be applied, and are summed up. */
  write(id: string): { readonly stage: string; readonly todo: string; readonly sums: string } {
    return {
      stage: this.key('stage', id),
      todo: this.key('todo', id),
      sums: this.key('sums', id),
    };
  }

  lease(job: string, task: string): string {
    return this.key('lease', job, task);
  }

  /** The position of the rows of one sink in a table. */
  outbox(table: string, { job, task, sink }: OutboxOwner): string {
    return this.key('outbox', table, job, task, sink);
  }

  private key(what: string, ...parts: readonly string[]): string {
    return [this.tag, what, ...parts.map(escapePart)].join(':');
  }
}
