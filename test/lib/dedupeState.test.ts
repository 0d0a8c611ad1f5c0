/** The memory of dedupe, in the hand, against a list that is searched whole. */
import fc from 'fast-check';
import { decode } from '../../lib/codec.js';
import { type DedupeSettings, DedupeState } from '../../lib/dedupeState.js';
import { type EventElement, event } from '../../lib/element.js';
import { sliding, tumbling } from '../../lib/windows.js';
import { restored, written } from './written.js';

interface Item {
  readonly k: number;
  readonly n: number;
}
type Step = { readonly k: number; readonly t: number } | { readonly w: number };
type Outcome = 'pass' | 'late' | 'expired' | 'duplicate';

class Rig {
  readonly passed: EventElement<Item>[] = [];
  readonly outcomes: Outcome[] = [];
  readonly state: DedupeState<Item>;

  constructor(settings: Partial<DedupeSettings<Item>>) {
    const { passed, outcomes } = this;
    this.state = new DedupeState<Item>(
      {
        operator: 'dedupe',
        key: (v) => v.k,
        withinMs: 0,
        maxKeys: Infinity,
        late: (l) => outcomes.push(l.reason as Outcome),
        duplicate: () => outcomes.push('duplicate'),
        ...settings,
      },
      {
        closed: false,
        emit(e) {
          passed.push(e);
          outcomes.push('pass');
        },
      },
    );
  }

  step(step: Step, n = 0): void {
    if ('w' in step) this.state.advance(step.w);
    else this.state.event(event({ k: step.k, n }, step.t));
  }
}

interface Limits {
  readonly withinMs: number;
  readonly maxKeys: number;
}

/** What the contract says, word for word, over a list. */
class Naive {
  w = -Infinity;
  evicted = 0;
  remembered: { k: number; t: number }[] = [];

  constructor(private readonly limits: Limits) {}

  step(step: Step): Outcome | undefined {
    const { withinMs, maxKeys } = this.limits;
    if ('w' in step) {
      this.w = step.w;
      this.remembered = this.remembered.filter(({ t }) => !(this.w >= t + withinMs));
      return undefined;
    }
    if (step.t + withinMs <= this.w) return 'late';
    if (this.remembered.some(({ k }) => k === step.k)) return 'duplicate';
    if (this.remembered.length >= maxKeys) {
      const soonest = Math.min(...this.remembered.map(({ t }) => t));
      this.remembered.splice(
        this.remembered.findIndex(({ t }) => t === soonest),
        1,
      );
      this.evicted++;
    }
    this.remembered.push(step);
    return 'pass';
  }
}

const around = fc.integer({ min: -20, max: 60 });
const steps = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: fc.record({ k: fc.integer({ min: 0, max: 6 }), t: around }) },
      { weight: 1, arbitrary: fc.record({ w: around }) },
    ),
    { maxLength: 60 },
  )
  .map((all): Step[] => {
    let w = -Infinity;
    return all.map((s) => ('w' in s ? { w: (w = Math.max(w, s.w)) } : s));
  });
const limits = fc.record({
  withinMs: fc.constantFrom(0, 1, 7, 30),
  maxKeys: fc.constantFrom(1, 3, Infinity),
});

describe('DedupeState', () => {
  it('does what the contract says, at every element', () => {
    fc.assert(
      fc.property(limits, steps, (given, script) => {
        const rig = new Rig(given);
        const naive = new Naive(given);
        const wanted: Outcome[] = [];
        for (const [n, step] of script.entries()) {
          rig.step(step, n);
          const outcome = naive.step(step);
          if (outcome !== undefined) wanted.push(outcome);
          const { stats } = rig.state;
          expect(rig.outcomes).toEqual(wanted);
          expect(stats.live).toBe(naive.remembered.length);
          expect(stats.evicted).toBe(naive.evicted);
          expect(stats.in).toBe(
            stats.accepted + stats.late + stats.invalid + stats.duplicate + stats.unassigned,
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  it('goes on after save and restore at any two cuts', () => {
    fc.assert(
      fc.property(limits, steps, fc.nat(60), fc.nat(20), (given, script, at, more) => {
        const cut = Math.min(at, script.length);
        const whole = new Rig(given);
        for (const [n, step] of script.entries()) whole.step(step, n);
        const one = new Rig(given);
        for (const step of script.slice(0, cut)) one.step(step);
        const saved = written(one.state.save());
        const two = new Rig(given);
        two.state.restore(restored(saved));
        const next = Math.min(cut + more, script.length);
        for (const step of script.slice(cut, next)) two.step(step);
        const three = new Rig(given);
        three.state.restore(restored(written(two.state.save(), saved)));
        for (const step of script.slice(next)) three.step(step);
        const outcomes = [one, two, three].flatMap((rig) => rig.outcomes);
        expect(outcomes).toEqual(whole.outcomes);
        expect(three.state.stats.live).toBe(whole.state.stats.live);
      }),
      { numRuns: 300 },
    );
  });

  it('gives the very element on', () => {
    const rig = new Rig({});
    const e = event({ k: 1, n: 1 }, 5, { split: 'p', revision: [2] });
    rig.state.event(e);
    expect(rig.passed[0]).toBe(e);
  });

  it('saves only what came since the capture before', () => {
    const rig = new Rig({ withinMs: 64_000 });
    for (const t of [0, 500, 1500, 2500]) rig.step({ k: t, t });
    const before = rig.state.save();
    written(before);
    rig.step({ k: 7, t: 2600 });
    const after = rig.state.save();
    const changed = [...after.keys()].filter((name) => after.get(name) !== before.get(name));
    expect(changed).toEqual(['dedupe', 'keys 2 1']);
    expect(decode(written(after).get('keys 2 1') as Uint8Array)).toEqual([7, 2600]);
  });

  it('does not overflow where time does', () => {
    const rig = new Rig({ withinMs: Number.MAX_SAFE_INTEGER });
    rig.step({ k: 1, t: Number.MAX_SAFE_INTEGER });
    rig.step({ w: Number.MAX_SAFE_INTEGER - 1 });
    rig.step({ k: 1, t: 5 });
    rig.step({ k: 2, t: -5 });
    expect(rig.outcomes).toEqual(['pass', 'duplicate', 'late']);
    rig.step({ w: Infinity });
    expect(rig.state.stats.live).toBe(0);
  });

  describe('before windows', () => {
    const before = { grid: tumbling(10), latenessMs: 0 };

    it('lets a first that its windows refuse leave, so that it shadows no repeat', () => {
      const settings = { withinMs: 100 };
      const script: Step[] = [{ w: 12 }, { k: 1, t: 3 }, { k: 1, t: 13 }];
      const without = new Rig(settings);
      const rig = new Rig({ ...settings, before });
      for (const step of script) {
        without.step(step);
        rig.step(step);
      }
      expect(without.outcomes).toEqual(['pass', 'duplicate']);
      expect(rig.outcomes).toEqual(['expired', 'pass']);
    });

    it('refuses exactly what the last window of the event refuses', () => {
      const grids = [
        tumbling(10),
        tumbling(10, { offset: 3 }),
        sliding(12, 5),
        sliding(5, 12),
        sliding(5, 12, { offset: -4 }),
      ];
      const given = fc.record({
        grid: fc.constantFrom(...grids),
        latenessMs: fc.constantFrom(0, 1, 9),
      });
      fc.assert(
        fc.property(given, around, around, (next, t, w) => {
          const rig = new Rig({ withinMs: 1000, before: next });
          rig.step({ w });
          rig.step({ k: 1, t });
          const ends: number[] = [];
          const { sizeMs, slideMs, offsetMs } = next.grid;
          for (let start = -60 * slideMs + offsetMs; start <= t; start += slideMs) {
            if (t < start + sizeMs) ends.push(start + sizeMs);
          }
          const open = ends.some((end) => !(end - 1 + next.latenessMs <= w));
          const gone = t + next.latenessMs <= w ? 'gap' : 'pass';
          expect(rig.outcomes).toEqual([ends.length === 0 ? gone : open ? 'pass' : 'expired']);
        }),
        { numRuns: 500 },
      );
    });

    it('names the windows at the door', () => {
      const windows: unknown[] = [];
      const rig = new Rig({
        withinMs: 1000,
        before: { grid: sliding(10, 5), latenessMs: 0 },
        late: (l) => windows.push(l.windows),
      });
      rig.step({ w: 30 });
      rig.step({ k: 1, t: 7 });
      expect(windows).toEqual([
        [
          { start: 0, end: 10 },
          { start: 5, end: 15 },
        ],
      ]);
    });
  });
});
