/** Letters for values, the same in all lanes of a text, and the legend that says what they stand for. */
import { inspect } from 'node:util';
import type { Message, Values } from '../script/message.js';
import { printMessage } from '../script/print.js';
import { isKeyword, WORD } from '../script/word.js';
import { isWindowResult, sameValue } from './equality.js';
import { fullText, show } from './show.js';
import { meetsWanted, wantedOf } from './wanted.js';

/** So many letters are looked through for one whose text is another: a matcher, part of a result. */
const LOOKED_THROUGH = 200;
const LONGEST_LEGEND = 20;

/** Which letters a lane has: those of its own expectation before those of the scripts. */
export class Letters {
  private byText: Map<string, string> | undefined;
  private made: Values | undefined;
  private first: readonly string[] | undefined;

  constructor(
    readonly head: string,
    private readonly make: () => Values,
    private readonly epoch: number,
  ) {}

  get values(): Values {
    return (this.made ??= this.make());
  }

  /** The letter of a value; undefined for one that has none. */
  of(value: unknown): string | undefined {
    const known = this.known(value);
    if (known !== undefined) return known;
    const text = typeof value === 'number' && Number.isSafeInteger(value) ? `${value}` : value;
    if (typeof text !== 'string' || Object.hasOwn(this.values, text)) return undefined;
    if (typeof value === 'number')
      return /^\d/.test(text) && !Object.is(value, -0) ? text : undefined;
    return WORD.test(text) && !/^\d/.test(text) && !isKeyword(text) ? text : undefined;
  }

  print(m: Message, nameOf: (value: unknown) => string): string {
    return printMessage(m, nameOf, this.epoch);
  }

  private known(value: unknown): string | undefined {
    const text = fullText(value);
    const inside = isWindowResult(value) ? fullText(value.value) : text;
    const found = this.index().get(text) ?? this.index().get(inside);
    const name = this.stands(found, value) ? found : this.lookedUp(value);
    if (name !== undefined) this.index().set(text, name);
    return name;
  }

  private stands(name: string | undefined, value: unknown): boolean {
    return name !== undefined && sameValue(this.values[name], value);
  }

  private index(): Map<string, string> {
    if (this.byText === undefined) {
      this.byText = new Map();
      for (const [name, value] of Object.entries(this.values)) {
        const text = fullText(value);
        if (!this.byText.has(text)) this.byText.set(text, name);
      }
    }
    return this.byText;
  }

  private lookedUp(value: unknown): string | undefined {
    this.first ??= Object.keys(this.values).slice(0, LOOKED_THROUGH);
    return this.first.find((name) => this.stands(name, value));
  }
}

/** Prints messages, and remembers what was named. */
export class Names {
  private readonly unknown = new Map<string, { value: unknown; name: string }[]>();
  private numbers = 0;
  private readonly used = new Map<string, { value: unknown; heads: Set<string> }[]>();

  constructor(
    private readonly epoch: number,
    private readonly longest: number = LONGEST_LEGEND,
  ) {}

  /** A message that a lane expects, or that it received where it expected `peers`. */
  token(m: Message, letters: Letters, peers: readonly Message[] = []): string {
    if (m.kind === 'error') return this.error(m, letters, peers);
    const shown = peerOf(m, peers) ?? m;
    if (shown.kind !== 'event' && shown.kind !== 'value') return letters.print(shown, inspect);
    const name = shown.name ?? letters.of(shown.value) ?? this.number(shown.value);
    const known = Object.hasOwn(letters.values, name) ? letters.values[name] : shown.value;
    this.use(name, shown.name === undefined ? known : shown.value, letters.head);
    return letters.print({ ...shown, name }, inspect);
  }

  /** What the letters stand for that do not stand for themselves. */
  legend(): string[] {
    const lines = [...this.used].flatMap(([name, uses]) =>
      uses.map(({ value, heads }) => {
        const where = uses.length > 1 ? ` (${[...heads].join(', ')})` : '';
        return `${name}${where} = ${show(value, this.epoch)}`;
      }),
    );
    const left = lines.length - this.longest;
    return left > 0 ? [...lines.slice(0, this.longest), `… and ${left} more`] : lines;
  }

  private error(
    m: Message & { kind: 'error' },
    letters: Letters,
    peers: readonly Message[],
  ): string {
    const peer = peerOf(m, peers);
    if (peers.length > 0 && peer === undefined) this.use('# received', m.error, letters.head);
    else this.use('#', peer?.kind === 'error' ? peer.error : m.error, letters.head);
    return '#';
  }

  private number(value: unknown): string {
    const text = fullText(value);
    const alike = this.unknown.get(text) ?? [];
    this.unknown.set(text, alike);
    const known = alike.find((u) => sameValue(u.value, value));
    if (known !== undefined) return known.name;
    this.numbers += 1;
    const name = `?${this.numbers}`;
    alike.push({ value, name });
    return name;
  }

  private use(name: string, value: unknown, head: string): void {
    if (value === name || (typeof value === 'number' && `${value}` === name)) return;
    const uses = this.used.get(name) ?? [];
    this.used.set(name, uses);
    const same = uses.find((u) => Object.is(u.value, value) || sameValue(u.value, value));
    if (same === undefined) uses.push({ value, heads: new Set([head]) });
    else same.heads.add(head);
  }
}

/** The expected message that a received one meets. */
function peerOf(m: Message, peers: readonly Message[]): Message | undefined {
  return peers.find((p) => meetsWanted(wantedOf(p), m));
}
