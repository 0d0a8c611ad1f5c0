/** The first difference of two lanes and its kind, judged in its neighbourhood alone: linear. */
import type { Message } from '../script/message.js';
import { fits, meetsWanted, type Wanted } from './wanted.js';

/** How many messages from the first difference on are looked at to tell its kind. */
const NEAR = 64;

export type Difference = {
  /** Its place in both lists. */
  readonly index: number;
  /** Where it shows: the earlier of both frames. */
  readonly frame: number;
} & (
  | { readonly kind: 'missing'; readonly wanted: Wanted; readonly instead: Message | undefined }
  | { readonly kind: 'extra'; readonly got: Message; readonly instead: Wanted | undefined }
  /** Both came, but `got` before `wanted`. */
  | { readonly kind: 'reordered'; readonly wanted: Wanted; readonly got: Message }
  /** `more` that follow are all moved by the same number of frames. */
  | {
      readonly kind: 'moved';
      readonly wanted: Wanted;
      readonly got: Message;
      readonly more: number;
      /** What should have come before. */
      readonly overtaken: Wanted | undefined;
    }
  /** The same kind of message, with other fields. */
  | { readonly kind: 'changed'; readonly wanted: Wanted; readonly got: Message }
  | { readonly kind: 'replaced'; readonly wanted: Wanted; readonly got: Message }
);

/** The first difference; undefined when all came as wanted. */
export function firstDifference(
  wanted: readonly Wanted[],
  received: readonly Message[],
): Difference | undefined {
  const most = Math.max(wanted.length, received.length);
  for (let i = 0; i < most; i++) {
    const [w, got] = [wanted[i], received[i]];
    if (w !== undefined && got !== undefined && fits(w, got)) continue;
    return new Neighbourhood(wanted, received, i).classify();
  }
  return undefined;
}

class Neighbourhood {
  private readonly wanted: readonly Wanted[];
  private readonly received: readonly Message[];
  /* Those that have a partner exactly where it belongs take no part in other pairs. */
  private readonly looseWanted: readonly Wanted[];
  private readonly looseReceived: readonly Message[];

  constructor(
    private readonly allWanted: readonly Wanted[],
    private readonly allReceived: readonly Message[],
    private readonly index: number,
  ) {
    this.wanted = allWanted.slice(index, index + NEAR);
    this.received = allReceived.slice(index, index + NEAR);
    const pairs = matched(this.wanted, this.received);
    this.looseWanted = this.wanted.filter((w) => !pairs.has(w));
    this.looseReceived = this.received.filter((m) => !pairs.has(m));
  }

  classify(): Difference {
    const [wanted] = this.wanted;
    const [got] = this.received;
    if (wanted === undefined) return this.extra(got as Message);
    if (got === undefined) return this.missing(wanted);
    const wantedComes = this.received.some((m) => fits(wanted, m));
    const gotBelongs = this.wanted.some((w) => fits(w, got));
    if (wantedComes && gotBelongs) return { ...this.at(got.frame), kind: 'reordered', wanted, got };
    if (gotBelongs) return this.displaced(wanted) ?? this.missing(wanted);
    if (wantedComes) return this.early(got) ?? this.extra(got);
    return this.apart(wanted, got);
  }

  /* Neither is where it belongs. */
  private apart(wanted: Wanted, got: Message): Difference {
    if (meetsWanted(wanted, got)) return this.moved(wanted, got);
    const sameFrame = (wanted.frame ?? got.frame) === got.frame;
    const later = this.looseReceived.some((m) => meetsWanted(wanted, m));
    const expected = this.looseWanted.some((w) => meetsWanted(w, got));
    if (later && expected) return { ...this.at(got.frame), kind: 'reordered', wanted, got };
    if (sameFrame && !later && !expected) {
      const kind = wanted.kind === got.kind ? 'changed' : 'replaced';
      return { ...this.at(got.frame), kind, wanted, got };
    }
    const gotFirst = sameFrame ? later : got.frame < (wanted.frame ?? got.frame);
    if (gotFirst) return this.early(got) ?? this.extra(got);
    return this.displaced(wanted) ?? this.missing(wanted);
  }

  private displaced(wanted: Wanted): Difference | undefined {
    const got = this.looseReceived.find((m) => meetsWanted(wanted, m));
    return got && this.moved(wanted, got);
  }

  private early(got: Message): Difference | undefined {
    const wanted = this.looseWanted.find((w) => meetsWanted(w, got));
    return wanted && this.moved(wanted, got);
  }

  private moved(wanted: Wanted, got: Message): Difference {
    const frame = Math.min(wanted.frame ?? got.frame, got.frame);
    const more = this.movedAlike(wanted, got);
    const overtaken = this.wanted[0] === wanted ? undefined : this.wanted[0];
    return { ...this.at(frame), kind: 'moved', wanted, got, more, overtaken };
  }

  /* How many of the rest are moved likewise: all of it, or none is told. */
  private movedAlike(wanted: Wanted, got: Message): number {
    const [wi, gi] = [this.allWanted.indexOf(wanted), this.allReceived.indexOf(got)];
    const rest = this.allWanted.length - wi;
    if (wanted.frame === undefined || rest !== this.allReceived.length - gi) return 0;
    const by = got.frame - wanted.frame;
    for (let k = 1; k < rest; k++) {
      const [w, m] = [this.allWanted[wi + k] as Wanted, this.allReceived[gi + k] as Message];
      if (m.frame - (w.frame ?? m.frame) !== by || !meetsWanted(w, m)) return 0;
    }
    return rest - 1;
  }

  private missing(wanted: Wanted): Difference {
    const here = this.looseReceived.filter((m) => m.kind === wanted.kind);
    const before = this.allReceived[this.index - 1]?.frame ?? 0;
    const frame = wanted.frame ?? this.received[0]?.frame ?? before;
    return { ...this.at(frame), kind: 'missing', wanted, instead: closest(wanted, here) };
  }

  private extra(got: Message): Difference {
    const instead = this.looseWanted.find((w) => w.kind === got.kind && shares(w, got));
    return { ...this.at(got.frame), kind: 'extra', got, instead };
  }

  private at(frame: number): { index: number; frame: number } {
    return { index: this.index, frame };
  }
}

function matched(
  wanted: readonly Wanted[],
  received: readonly Message[],
): ReadonlySet<Wanted | Message> {
  const pairs = new Set<Wanted | Message>();
  for (const w of wanted) {
    const got = received.find((m) => !pairs.has(m) && fits(w, m));
    if (got !== undefined) pairs.add(w).add(got);
  }
  return pairs;
}

/* One that is the wanted one but for the value, or but for the time. */
function closest(wanted: Wanted, received: readonly Message[]): Message | undefined {
  return received.find((m) => shares(wanted, m));
}

function shares(wanted: Wanted, got: Message): boolean {
  const telling = wanted.fields.filter(([name]) => name === 'value' || name === 'timestamp');
  return telling.some((field) => meetsWanted({ ...wanted, fields: [field] }, got));
}
