/** The counters of an operator, frame by frame: its state as a lane. */
import type { Stats, StatsDoor } from '../../../lib/stats.js';
import { MarbleError } from '../report/failure.js';
import type { Message } from '../script/message.js';
import { type Claim, Lane } from './lane.js';

/**
 * Counters to hand to the `stats` option of an operator. Its fields are readable (0 before the
 * operator is subscribed), and each is a lane. When the operator is subscribed again, the counters of
 * the last subscription count.
 */
export type Counters<S extends object = Stats> = StatsDoor<S> &
  Readonly<S> & {
    /**
     * Compares a counter at the end of each frame: `1 2 · 1`; `·` is unchanged (0 at first). A counter
     * of a group is `left.in`.
     * @default field `'live'`
     */
    toBe(marbles: string, field?: (keyof S & string) | (string & {})): void;
  };

/** Every counter of one operator: a message where it is another at the end of a frame than before. */
export class CounterLane extends Lane {
  private live: object | undefined;
  private readonly changes = new Map<string, Message[]>();
  private frame = 0;

  constructor(head: string) {
    super(head, 'counters');
  }

  override of(field: string): readonly Message[] {
    return this.changes.get(field) ?? [];
  }

  has(field: string): boolean {
    return this.changes.has(field);
  }

  /** Expects something of a field. */
  claim({ expected = [], site }: Claim, field: string): void {
    this.claims.push({ expected: counted(expected), site, field });
  }

  /** @throws MarbleError when something is expected of no operator, or of a field that it does not count */
  refuseUnknown(): void {
    const claim = this.claims.find(({ field = '' }) => !this.has(field));
    if (claim === undefined) return;
    if (this.live === undefined) {
      const hint = 'hand it to the `stats` of one that is subscribed';
      throw new MarbleError(
        `marbles: \`${this.head}\` counts for no operator; ${hint}`,
        '',
        '',
        claim.site,
      );
    }
    const names = [...this.changes.keys()].join(', ');
    const text = `marbles: \`${this.head}\` has no counter \`${claim.field}\`; it has ${names}`;
    throw new MarbleError(text, '', '', claim.site);
  }

  /** Takes down what the counters are at the end of a frame. */
  sample(frame: number): void {
    this.frame = frame;
    if (this.live !== undefined) this.take(this.live, '');
  }

  /** What the operator is given, with the counters as its fields. */
  door(toBe: (marbles: string, field?: string) => void): Counters<any> {
    const tell = (live: object): void => {
      this.live = live;
    };
    const read = (field: string): unknown => {
      this.looked = true;
      return this.live === undefined ? 0 : (this.live as Record<string, unknown>)[field];
    };
    return new Proxy(tell, {
      get(target, field) {
        if (field === 'toBe') return toBe;
        if (typeof field === 'symbol' || field === 'then') return Reflect.get(target, field);
        return read(field);
      },
    }) as Counters<any>;
  }

  private take(counters: object, prefix: string): void {
    for (const [name, value] of Object.entries(counters)) {
      const field = `${prefix}${name}`;
      if (typeof value === 'object' && value !== null) this.take(value, `${field}.`);
      else if (typeof value === 'number') this.note(field, value);
    }
  }

  private note(field: string, value: number): void {
    const before = this.changes.get(field) ?? [];
    if (before.at(-1)?.frame === this.frame) before.pop();
    const last = before.at(-1);
    const was = last?.kind === 'value' ? last.value : 0;
    if (value !== was) before.push({ kind: 'value', frame: this.frame, value });
    this.changes.set(field, before);
  }
}

/** Tokens as numbers; one that says the same again says nothing. */
function counted(messages: readonly Message[]): Message[] {
  let last = 0;
  return messages.flatMap((m): Message[] => {
    if (m.kind !== 'value' || !/^-?\d+$/.test(m.name ?? '')) return [m];
    const value = Number(m.name);
    if (value === last) return [];
    last = value;
    return [{ ...m, value }];
  });
}
