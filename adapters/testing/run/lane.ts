/** A lane of a running test: what came, and what its user expects of it. */

import type { Fact, SceneLane } from '../report/scene.js';
import { type Message, type PaneMessage, type Values, valued } from '../script/message.js';
import { siteOutside } from '../site.js';

/** What an expectation says of one lane. */
export interface Claim {
  readonly expected?: readonly Message[];
  readonly values?: Values;
  readonly facts?: readonly Fact[];
  readonly site: Error;
  /** What is compared, where it is not everything that came. */
  readonly of?: 'panes';
  /** A counter. */
  readonly field?: string;
  /** The letters have their values already. */
  readonly fixed?: boolean;
}

export class Lane {
  readonly received: Message[] = [];
  readonly claims: Claim[] = [];
  /** Whether a user who expects nothing of it has at least looked. */
  looked = false;
  readonly made = siteOutside();

  constructor(
    readonly head: string,
    readonly kind: 'stream' | 'door' | 'counters' | 'recording',
  ) {}

  get forgotten(): boolean {
    return this.claims.length === 0 && !this.looked;
  }

  /** What came of a field; of a door or a stream there is but one. */
  of(_field: string): readonly Message[] {
    return this.received;
  }

  /** The lanes of the picture: one per claim, or what came alone. */
  scene(letters: Values): readonly SceneLane[] {
    if (this.claims.length === 0) return [{ head: this.head, received: this.received }];
    return this.claims.map((claim) => {
      const { of, field, fixed, ...rest } = withValues(claim, letters);
      if (of === 'panes') return { head: 'panes', received: panesOf(this.received), ...rest };
      if (field === undefined) return { head: this.head, received: this.received, ...rest };
      return { head: `${this.head}.${field}`, received: this.of(field), sampled: true, ...rest };
    });
  }
}

/* The claim with the values that letters have at the end of the test. */
function withValues(claim: Claim, letters: Values): Claim {
  if (claim.expected === undefined || claim.fixed || claim.field !== undefined) return claim;
  return { ...claim, expected: valued(claim.expected, { ...letters, ...claim.values }) };
}

/** The window results among the messages, as the `panes` lane writes them. */
export function panesOf(messages: readonly Message[]): PaneMessage[] {
  return messages.flatMap((m) => {
    if ((m.kind !== 'event' && m.kind !== 'value') || !isResult(m.value)) return [];
    const { key, window } = m.value;
    const { timing, index } = m.value.pane;
    const { start, end } = window;
    const pane: PaneMessage = { kind: 'pane', frame: m.frame, timing, start, end, index };
    if (Array.isArray(key) && key.length === 0) return [pane];
    return [{ ...pane, key: Array.isArray(key) ? key.join(',') : String(key) }];
  });
}

function isResult(x: unknown): x is Result {
  const result = x as Partial<Result> | null | undefined;
  return typeof result === 'object' && result?.pane?.index !== undefined && 'window' in result;
}

interface Result {
  readonly key: unknown;
  readonly window: { readonly start: number; readonly end: number };
  readonly pane: { readonly timing: PaneMessage['timing']; readonly index: number };
}
