/** Letters for printing: every value has a name that the notation can write, and every name one value. */
import { tag } from '../../../lib/tagged.js';
import type { EventMessage, Message, ValueMessage } from './message.js';
import { standsAlone, WORD } from './word.js';

type Lettered = EventMessage | ValueMessage;

/** Whether a message is printed as a letter. */
export function isLettered(m: Message): m is Lettered {
  return m.kind === 'event' || m.kind === 'value';
}

/*
 * A name that the notation cannot write, or whose value another message of that name does not have,
 * gives way to a new one. O(messages).
 */
export class PrintNames {
  /** What each printed name stands for. */
  readonly values: Record<string, unknown> = {};
  private readonly owners = new Map<string, unknown>();
  private readonly byValue = new Map<unknown, string>();
  private readonly aliases = new Map<string, Map<unknown, string>>();
  private readonly taken = new Set<string>();
  private readonly counters = new Map<string, number>();
  private readonly keys = new Map<object, unknown>();

  constructor(messages: readonly Message[]) {
    for (const m of messages) if (isLettered(m) && m.name !== undefined) this.taken.add(m.name);
  }

  nameOf(m: Lettered): string {
    const { name, value } = m;
    const key = this.keyOf(value);
    const legal = name !== undefined && isLegal(name);
    const wanted = legal ? name : (this.byValue.get(key) ?? this.suggested(value));
    const owner = this.owners.has(wanted) ? this.owners.get(wanted) : key;
    return owner === key ? this.claim(wanted, key, value) : this.alias(wanted, key, value);
  }

  /** A name like `base` that nothing has. */
  fresh(name: string, value: unknown): string {
    const base = standsAlone(`${name}2`) ? name : `${name}_`;
    let n = this.counters.get(base) ?? 2;
    while (this.taken.has(`${base}${n}`)) n++;
    this.counters.set(base, n + 1);
    return this.claim(`${base}${n}`, this.keyOf(value), value);
  }

  private claim(name: string, key: unknown, value: unknown): string {
    if (this.owners.has(name)) return name;
    this.owners.set(name, key);
    this.taken.add(name);
    this.values[name] = value;
    if (!this.byValue.has(key)) this.byValue.set(key, name);
    return name;
  }

  private alias(wanted: string, key: unknown, value: unknown): string {
    const known = this.aliases.get(wanted) ?? new Map<unknown, string>();
    this.aliases.set(wanted, known);
    const name = known.get(key) ?? this.fresh(wanted, value);
    known.set(key, name);
    return name;
  }

  /* A text is its own letter where it can be; else the first letter of the alphabet that is free. */
  private suggested(value: unknown): string {
    if (typeof value === 'string' && isLegal(value) && !this.taken.has(value)) return value;
    let n = this.counters.get('') ?? 0;
    while (this.taken.has(letterAt(n))) n++;
    this.counters.set('', n);
    return letterAt(n);
  }

  /* The same for values that are equal in depth; what is no plain data is itself. */
  private keyOf(value: unknown): unknown {
    if (typeof value === 'string') return `s${value}`;
    if (Object.is(value, -0) || Number.isNaN(value)) return Number.isNaN(value) ? 'NaN' : '-0';
    if (typeof value !== 'object' || value === null) return value;
    const known = this.keys.get(value);
    if (known !== undefined) return known;
    const key = textOf(value) ?? value;
    this.keys.set(value, key);
    return key;
  }
}

/* Not `__proto__`, which a record of values cannot hold. */
function isLegal(name: string): boolean {
  return WORD.test(name) && name !== '__proto__';
}

function textOf(value: object): string | undefined {
  try {
    return `j${JSON.stringify(tag(value).tree)}`;
  } catch {
    return undefined;
  }
}

/** The letters of the alphabet in order: a to z, then a2. */
export function letterAt(n: number): string {
  const letter = String.fromCharCode(0x61 + (n % 26));
  return n < 26 ? letter : `${letter}${Math.floor(n / 26) + 1}`;
}
