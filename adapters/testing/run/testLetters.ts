/** The letters of a test's scripts: what each stands for, and which of them stand for two things. */
import { sameValue } from '../report/equality.js';
import { MarbleError } from '../report/failure.js';
import type { Message, Values } from '../script/message.js';
import { kept } from './kept.js';
import type { Claim } from './lane.js';

export class TestLetters {
  /** The last value of each. Without prototype: `__proto__` is a letter as any other. */
  readonly values: Record<string, unknown> = Object.create(null);
  /** Every letter that stands in a script. */
  readonly known = new Set<string>();
  private readonly twice = new Set<string>();

  /** The letters of one more script. */
  add(messages: readonly Message[], values: Values): void {
    for (const [letter, value] of Object.entries(kept(values))) {
      const before = this.values[letter];
      if (letter in this.values && !sameValue(before, value)) this.twice.add(letter);
      this.values[letter] = value;
    }
    for (const m of messages) if ('name' in m && m.name !== undefined) this.known.add(m.name);
  }

  /** @throws MarbleError where an expectation leaves open which of two values a letter stands for */
  refuseAmbiguous({ expected = [], values = {}, fixed, field, site }: Claim): void {
    if (this.twice.size === 0 || fixed || field !== undefined) return;
    for (const m of expected) {
      const name = m.kind === 'event' || m.kind === 'value' ? m.name : undefined;
      if (name === undefined || !this.twice.has(name) || Object.hasOwn(values, name)) continue;
      const text = `marbles: \`${name}\` stands for different values in two scripts of this test`;
      throw new MarbleError(
        `${text}; give the expectation its value, or another letter`,
        '',
        '',
        site,
      );
    }
  }
}
