/** The state of an interval join, in the hand, against a batch that compares every row with every other. */
import fc from 'fast-check';
import { type EventElement, event } from '../../lib/element.js';
import type { JoinSettings } from '../../lib/joinSide.js';
import { JoinState } from '../../lib/joinState.js';
import { restored, written } from './written.js';

interface Item {
  readonly k: number;
  readonly n: number;
}
type Settings = JoinSettings<Item, Item>;
type Step =
  | { readonly side: 0 | 1; readonly k: number; readonly t: number }
  | { readonly wm: 0 | 1; readonly w: number };
type Line = string;

const defaults: Settings = {
  operator: 'intervalJoin',
  leftKey: (v) => v.k,
  rightKey: (v) => v.k,
  lowerMs: 0,
  upperMs: 0,
  type: 'inner',
  bounds: '[]',
  latenessMs: 0,
  lateBy: 'join',
};

/** Downstream: remembers what came, as text too. */
class Down {
  closed = false;
  lines: Line[] = [];
  readonly emitted: EventElement<any>[] = [];

  emit(e: EventElement<any>): void {
    this.emitted.push(e);
    const { left, right } = e.value;
    this.lines.push(`${left?.n ?? '·'} ${right?.n ?? '·'} @${e.timestamp}`);
  }
}

/** Drives a state as the stage would with two active inputs; remembers what leaves, step by step. */
class Rig {
  readonly steps: Line[][] = [];
  readonly down = new Down();
  readonly state: JoinState<Item, Item>;
  readonly w: [number, number] = [-Infinity, -Infinity];

  constructor(settings: Partial<Settings>) {
    const { down } = this;
    const late: Settings['late'] = (e) => down.lines.push(`late ${e.side} ${e.value.n}`);
    this.state = new JoinState<Item, Item>({ ...defaults, late, ...settings }, down);
  }

  step(step: Step, n: number): void {
    this.down.lines = [];
    if ('wm' in step) this.rise(step.wm, step.w);
    else this.state.event(event({ k: step.k, n }, step.t), step.side);
    this.steps.push(this.down.lines);
  }

  private rise(input: 0 | 1, w: number): void {
    const before = Math.min(...this.w);
    this.w[input] = w;
    this.state.side(input, w);
    const joined = Math.min(...this.w);
    if (joined <= before) return;
    this.state.advance(joined);
    const out = this.state.outgoing(joined);
    if (out > -Infinity) this.down.lines.push(`W${out}`);
  }
}

/** The contract over a finished script: every row against every other. */
function batch(settings: Settings, script: readonly Step[]) {
  const { lowerMs, upperMs, latenessMs: d, bounds, type, lateBy } = settings;
  const rows: { side: 0 | 1; k: number; t: number; n: number }[] = [];
  const lates = new Map<number, Line>();
  const rises: { n: number; from: number; to: number }[] = [];
  const w: [number, number] = [-Infinity, -Infinity];
  for (const [n, step] of script.entries()) {
    const before = Math.min(...w);
    if ('wm' in step) {
      w[step.wm] = step.w;
      if (Math.min(...w) > before) rises.push({ n, from: before, to: Math.min(...w) });
    } else if (step.t + d <= (lateBy === 'own' ? w[step.side] : before)) {
      lates.set(n, `late ${step.side === 0 ? 'left' : 'right'} ${n}`);
    } else rows.push({ ...step, n });
  }
  const meet = (l: { k: number; t: number }, r: { k: number; t: number }): boolean => {
    const gap = r.t - l.t;
    const above = bounds[0] === '[' ? gap >= lowerMs : gap > lowerMs;
    const below = bounds[1] === ']' ? gap <= upperMs : gap < upperMs;
    return l.k === r.k && above && below;
  };
  const freedAt = (row: { side: 0 | 1; t: number }): number =>
    row.t + Math.max(row.side === 0 ? upperMs : -lowerMs, 0) + d;
  const hold = (type === 'left' ? Math.max(upperMs, 0) : 0) + d;
  const inOrder = <T extends { t: number; n: number }>(all: T[]): T[] =>
    all.sort((a, b) => a.t - b.t || a.n - b.n);
  const steps = script.map((_, n): Line[] => {
    const late = lates.get(n);
    if (late !== undefined) return [late];
    const row = rows.find((one) => one.n === n);
    if (row !== undefined) {
      const partners = rows.filter(
        (one) =>
          one.n < n && one.side !== row.side && (row.side === 0 ? meet(row, one) : meet(one, row)),
      );
      return inOrder(partners).map((one) => {
        const [l, r] = row.side === 0 ? [row, one] : [one, row];
        return `${l.n} ${r.n} @${Math.max(l.t, r.t)}`;
      });
    }
    const rise = rises.find((one) => one.n === n);
    if (rise === undefined) return [];
    const alone = rows.filter(
      (one) =>
        type === 'left' &&
        one.side === 0 &&
        rise.from < freedAt(one) &&
        freedAt(one) <= rise.to &&
        !rows.some((other) => other.side === 1 && meet(one, other)),
    );
    return [...inOrder(alone).map((one) => `${one.n} · @${one.t}`), `W${rise.to - hold}`];
  });
  const live = (side: 0 | 1, n: number): number => {
    const reached = rises.filter((one) => one.n <= n).at(-1)?.to ?? -Infinity;
    return rows.filter((one) => one.side === side && one.n <= n && !(reached >= freedAt(one)))
      .length;
  };
  return { steps, live };
}

const around = fc.integer({ min: -15, max: 40 });
const side = fc.constantFrom<0 | 1>(0, 1);
const scripts = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ side, k: fc.integer({ min: 0, max: 2 }), t: around }) },
      { weight: 2, arbitrary: fc.record({ wm: side, w: around }) },
    ),
    { maxLength: 50 },
  )
  .map((all): Step[] => {
    const w = [-Infinity, -Infinity];
    const rising = all.filter((s) => {
      if (!('wm' in s)) return true;
      if (s.w <= (w[s.wm] as number)) return false;
      w[s.wm] = s.w;
      return true;
    });
    return [...rising, { wm: 0, w: Infinity }, { wm: 1, w: Infinity }];
  });
const settings = fc
  .record({
    bounds: fc.constantFrom('[]', '[)', '(]', '()'),
    a: fc.integer({ min: -12, max: 12 }),
    b: fc.integer({ min: -12, max: 12 }),
    latenessMs: fc.constantFrom(0, 0, 1, 6),
    type: fc.constantFrom('inner', 'left'),
    lateBy: fc.constantFrom('join', 'own'),
  })
  .map(
    ({ a, b, ...rest }): Settings =>
      ({ ...defaults, ...rest, lowerMs: Math.min(a, b), upperMs: Math.max(a, b) }) as Settings,
  );

/** Configurations and scripts, within one slice of the join or over many. */
const cases = fc
  .tuple(settings, scripts, fc.constantFrom(1, 97))
  .map(([given, script, scale]): [Settings, Step[]] => [
    {
      ...given,
      lowerMs: given.lowerMs * scale,
      upperMs: given.upperMs * scale,
      latenessMs: given.latenessMs * scale,
    },
    script.map((s) => ('wm' in s ? { ...s, w: s.w * scale } : { ...s, t: s.t * scale })),
  ]);

function run(given: Settings, script: readonly Step[]): Rig {
  const rig = new Rig(given);
  for (const [n, step] of script.entries()) rig.step(step, n);
  return rig;
}

describe('JoinState', () => {
  it('gives at each step what a batch over all rows gives', () => {
    fc.assert(
      fc.property(cases, ([given, script]) => {
        expect(run(given, script).steps).toEqual(batch(given, script).steps);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps exactly the rows that the contract keeps, and counts them at every element', () => {
    fc.assert(
      fc.property(cases, ([given, script]) => {
        const rig = new Rig(given);
        const { live } = batch(given, script);
        for (const [n, step] of script.entries()) {
          rig.step(step, n);
          const { left, right, ...stats } = rig.state.stats;
          expect([left.live, right.live]).toEqual([live(0, n), live(1, n)]);
          for (const s of [left, right]) expect(s.in).toBe(s.live + s.freed + s.late + s.invalid);
          expect(stats.in).toBe(stats.accepted + stats.late + stats.invalid);
          expect(stats.in).toBe(left.in + right.in);
          expect(stats.live).toBe(left.live + right.live);
          expect(stats.freed).toBe(left.freed + right.freed);
        }
        expect(rig.state.stats.live).toBe(0);
        expect(rig.state.waiting()).toBe(0);
        expect([...rig.state.save().keys()]).toEqual(['join']);
      }),
      { numRuns: 300 },
    );
  });

  it('never gives a null row and a match of the same row, and each null row once', () => {
    fc.assert(
      fc.property(cases, ([given, script]) => {
        const rows = run({ ...given, type: 'left' }, script).down.emitted.map((e) => e.value);
        const alone = rows.filter((r) => r.right === undefined).map((r) => r.left.n);
        const met = rows.filter((r) => r.right !== undefined).map((r) => r.left.n);
        expect(new Set(alone).size).toBe(alone.length);
        expect(alone.filter((n) => met.includes(n))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('gives no result at or before the watermark that it has sent', () => {
    fc.assert(
      fc.property(cases, ([given, script]) => {
        let sent = -Infinity;
        for (const line of run(given, script).steps.flat()) {
          if (line.startsWith('W')) sent = Number(line.slice(1));
          else if (line.includes('@')) expect(Number(line.split('@')[1])).toBeGreaterThan(sent);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('judged by the own side, gives the same however the two inputs interleave', () => {
    fc.assert(
      fc.property(cases, fc.array(fc.boolean()), ([given, script], picks) => {
        const own: Settings = { ...given, lateBy: 'own' };
        const sides = [0, 1].map((i) =>
          script.flatMap((step, n) => (('wm' in step ? step.wm : step.side) === i ? [n] : [])),
        ) as [number[], number[]];
        const other = new Rig(own);
        for (let i = 0; sides[0].length + sides[1].length > 0; i++) {
          const n = (picks[i % Math.max(picks.length, 1)] ? sides[0] : sides[1]).shift();
          const at = n ?? sides[0].shift() ?? (sides[1].shift() as number);
          other.step(script[at] as Step, at);
        }
        const results = (rig: Rig): Line[] =>
          rig.steps
            .flat()
            .filter((line) => !line.startsWith('W'))
            .sort();
        expect(results(other)).toEqual(results(run(own, script)));
      }),
      { numRuns: 500 },
    );
  });

  it('goes on after save and restore at any two cuts', () => {
    fc.assert(
      fc.property(cases, fc.nat(50), fc.nat(20), ([given, script], at, more) => {
        const cut = Math.min(at, script.length);
        const next = cut + more;
        const one = run(given, script.slice(0, cut));
        const saved = written(one.state.save());
        const two = new Rig(given);
        two.state.restore(restored(saved));
        Object.assign(two.w, one.w);
        for (const [n, step] of script.entries()) if (n >= cut && n < next) two.step(step, n);
        const three = new Rig(given);
        three.state.restore(restored(written(two.state.save(), saved)));
        Object.assign(three.w, two.w);
        for (const [n, step] of script.entries()) if (n >= next) three.step(step, n);
        expect([...one.steps, ...two.steps, ...three.steps]).toEqual(run(given, script).steps);
      }),
      { numRuns: 500 },
    );
  });

  it('gives rows of one time in the order of arrival, across keys and restores', () => {
    const given: Partial<Settings> = { type: 'left', upperMs: 5 };
    const left = (k: number, t: number): Step => ({ side: 0, k, t });
    const script = [left(9, 4), left(1, 3), left(5, 4), left(9, 3), left(0, 4)];
    const one = new Rig(given);
    for (const [n, step] of script.entries()) one.step(step, n);
    const two = new Rig(given);
    two.state.restore(restored(written(one.state.save())));
    two.step(left(3, 4), 5);
    two.step({ wm: 0, w: 99 }, 6);
    two.step({ wm: 1, w: 99 }, 7);
    expect(two.steps.at(-1)).toEqual([
      '1 · @3',
      '3 · @3',
      '0 · @4',
      '2 · @4',
      '4 · @4',
      '5 · @4',
      'W94',
    ]);
  });

  it('finds partners many slices away, on negative and huge times', () => {
    const far = Number.MAX_SAFE_INTEGER;
    for (const [lowerMs, upperMs, l, r] of [
      [-5000, 5000, -3, -5003],
      [100_000, 100_000, -50_000, 50_000],
      [-far, far, 0, -far],
      [0, 2, far - 2, far],
      [0, 2, -far, 2 - far],
    ] as const) {
      const rig = new Rig({ lowerMs, upperMs });
      rig.step({ side: 0, k: 1, t: l }, 0);
      rig.step({ side: 1, k: 1, t: r }, 1);
      rig.step({ side: 1, k: 2, t: r }, 2);
      expect(rig.steps).toEqual([[], [`0 1 @${Math.max(l, r)}`], []]);
    }
  });

  it('lets W sink by its hold without leaving the safe integers', () => {
    const { state } = new Rig({ type: 'left', upperMs: 100 });
    expect(state.outgoing(Number.MIN_SAFE_INTEGER + 99)).toBe(-Infinity);
    expect(state.outgoing(Number.MIN_SAFE_INTEGER + 100)).toBe(Number.MIN_SAFE_INTEGER);
    expect(state.outgoing(Infinity)).toBe(Infinity);
  });

  it('finds matches in order in a key with many rows out of order and of equal times', () => {
    const rig = new Rig({ lowerMs: -10, upperMs: 10 });
    const times = Array.from({ length: 200 }, (_, i) => (i * 73) % 100);
    for (const [n, t] of times.entries()) rig.step({ side: 1, k: 1, t }, n);
    rig.step({ side: 0, k: 1, t: 50 }, 200);
    const wanted = times
      .map((t, n) => ({ t, n }))
      .filter(({ t }) => Math.abs(t - 50) <= 10)
      .sort((a, b) => a.t - b.t || a.n - b.n);
    expect(wanted).toHaveLength(42);
    expect(rig.steps.at(-1)).toEqual(wanted.map(({ t, n }) => `200 ${n} @${Math.max(t, 50)}`));
  });

  it('lets go of the events of both sides, a slice at a time', () => {
    const rig = new Rig({ lowerMs: -2000, upperMs: 3000 });
    const slices = (): number[] =>
      (['left', 'right'] as const).map((name) => (rig.state as any)[name].rows.slices.size);
    for (const t of [0, 3000, 6000]) {
      rig.step({ side: 0, k: 1, t }, t);
      rig.step({ side: 1, k: 1, t }, t);
    }
    const seen = [slices()];
    for (const w of [4998, 4999, 5998, 5999, 7998, 7999, 8998, 8999]) {
      rig.step({ wm: 0, w }, 0);
      rig.step({ wm: 1, w }, 0);
      seen.push(slices());
    }
    const left = [3, 3, 3, 3, 2, 2, 2, 2, 1];
    const right = [3, 3, 2, 2, 2, 2, 1, 1, 1];
    expect(seen).toEqual(left.map((n, i) => [n, right[i]]));
  });

  it('saves only what came, or was matched, since the capture before', () => {
    const rig = new Rig({ type: 'left' });
    for (const [n, t] of [0, 1500, 2500].entries()) rig.step({ side: 0, k: 1, t }, n);
    const before = rig.state.save();
    written(before);
    rig.step({ side: 1, k: 1, t: 1500 }, 3);
    const after = rig.state.save();
    const changed = [...after.keys()].filter((name) => after.get(name) !== before.get(name));
    expect(changed).toEqual(['join', 'left 1 1', 'right 1 0']);
  });

  it('emits no more once downstream is closed', () => {
    const rig = new Rig({ type: 'left' });
    for (const n of [0, 1, 2]) rig.step({ side: 0, k: 1, t: n }, n);
    rig.down.closed = true;
    rig.step({ wm: 0, w: 9 }, 3);
    rig.step({ wm: 1, w: 9 }, 4);
    expect(rig.down.emitted).toEqual([]);
  });

  describe('a joined element', () => {
    function pair(left: EventElement<any>, right?: EventElement<any>): EventElement<any> {
      const rig = new Rig({ type: 'left', upperMs: 9, leftKey: () => 1, rightKey: () => 1 });
      rig.state.event(left, 0);
      if (right !== undefined) rig.state.event(right, 1);
      rig.step({ wm: 0, w: Infinity }, 0);
      rig.step({ wm: 1, w: Infinity }, 1);
      expect(rig.down.emitted).toHaveLength(1);
      return rig.down.emitted[0] as EventElement<any>;
    }
    const windows = [{ start: 0, end: 4 }];

    it("carries left's revision, then right's; a side without one counts as its time", () => {
      const plain = [event('l', 3), event('r', 5)] as const;
      const panes = [
        event('l', 3, { revision: [7, 1] }),
        event('r', 5, { revision: [8] }),
      ] as const;
      expect(pair(plain[0], plain[1]).revision).toEqual([3, 5]);
      expect(pair(panes[0], panes[1]).revision).toEqual([7, 1, 8]);
      expect(pair(plain[0], panes[1]).revision).toEqual([3, 8]);
      expect(pair(panes[0], plain[1]).revision).toEqual([7, 1, 5]);
    });

    it('of a missing side carries only the revision of the other', () => {
      expect(pair(event('l', 3)).revision).toEqual([3]);
      expect(pair(event('l', 3, { revision: [7, 1] })).revision).toEqual([7, 1]);
    });

    it('keeps what the left one replaces, and drops the split', () => {
      const left = event('l', 3, { replaces: windows, split: 'p' });
      const right = event('r', 5, { replaces: [{ start: 1, end: 2 }], split: 'q' });
      expect(pair(left, right)).toMatchObject({ replaces: windows, split: undefined });
      expect(pair(event('l', 3), right).replaces).toBeUndefined();
      expect(pair(left).replaces).toEqual(windows);
    });

    it('has both values, undefined for a missing one, and the later time', () => {
      expect(pair(event('l', 3), event('r', 5))).toMatchObject({
        value: { left: 'l', right: 'r' },
        timestamp: 5,
      });
      const alone = pair(event('l', 3));
      expect(alone).toMatchObject({ value: { left: 'l' }, timestamp: 3 });
      expect(alone.value.right).toBeUndefined();
    });

    it('keeps revision and replaced windows over a restore', () => {
      const one = new Rig({ type: 'left', leftKey: () => 1 });
      one.state.event(event('l', 3, { revision: [7], replaces: windows }), 0);
      const two = new Rig({ type: 'left' });
      two.state.restore(restored(written(one.state.save())));
      two.step({ wm: 0, w: 9 }, 0);
      two.step({ wm: 1, w: 9 }, 1);
      expect(two.down.emitted[0]).toMatchObject({ revision: [7], replaces: windows });
    });
  });

  it('judged by the own side, is not less strict than the joined W where that is ahead', () => {
    const said: Line[] = [];
    const rig = new Rig({ lateBy: 'own', late: (l) => said.push(`${l.side} ${l.watermark}`) });
    rig.state.side(0, 3);
    rig.state.side(1, 20);
    rig.state.advance(20);
    rig.state.event(event({ k: 1, n: 0 }, 10), 0);
    rig.state.event(event({ k: 1, n: 1 }, 21), 0);
    expect(said).toEqual(['left 20']);
    expect(rig.state.stats.left).toMatchObject({ in: 2, late: 1, live: 1 });
  });
});
