/** `eventTimeWindow` held to a naive reference: every output, in order, over random scripts and cuts. */
import fc from 'fast-check';
import { type OperatorFunction, pipe, tap } from 'rxjs';
import {
  collect,
  count,
  type Element,
  eventTimeWindow,
  session,
  sliding,
  type WindowResult,
  type WindowStats,
} from 'tidemark';
import { type Harness, harness } from 'tidemark/testing';
import { type Arrived, type Setup, type Step, windowReference } from './windowReference.js';

/* The operator as a machine: give it a step, get the printed facts; save and go on in a new one. */
class Machine {
  private facts: string[] = [];
  private h: Harness;

  constructor(private readonly setup: Setup) {
    this.h = harness((in$) => in$.pipe(this.operator()));
  }

  step(step: Step): string[] {
    this.facts = [];
    const unassigned = this.stats().unassigned;
    if ('wm' in step) this.h.watermark(step.wm);
    else this.h.push(step.el, step.el.ts);
    const s = this.stats();
    if ('el' in step && s.unassigned > unassigned) this.facts.push(`unassigned ${step.el.v}`);
    expect(s.in).toBe(s.accepted + s.late + s.invalid + s.duplicate + s.unassigned);
    return this.facts;
  }

  cut(): void {
    const before = { ...this.stats() };
    const bytes = this.h.snapshot();
    this.h.unsubscribe();
    this.h = harness((in$) => in$.pipe(this.operator()));
    expect(this.h.restore(bytes)).toBe('·');
    expect(this.stats()).toEqual(before);
  }

  stats(): WindowStats {
    return this.h.stats<WindowStats>();
  }

  private operator(): OperatorFunction<Element<Arrived>, unknown> {
    const { windows, lateness, discarding } = this.setup;
    const window =
      'gap' in windows
        ? session<Arrived>(windows.gap)
        : sliding(windows.size, windows.slide, { offset: windows.offset });
    return pipe(
      eventTimeWindow<Arrived, string, any>({
        id: 'w',
        window,
        key: (e) => e.k,
        aggregate: { vs: collect((e: Arrived) => e.v), n: count() },
        allowedLateness: lateness,
        accumulation: discarding ? 'discarding' : 'accumulating',
        late: (l) => this.facts.push(`late ${l.value.v}`),
        missed: (m) => this.facts.push(`missed ${m.windows.length} ${m.value.v}`),
      }),
      tap((e) => this.fact(e)),
    );
  }

  /* In one list with what the doors are told. */
  private fact(e: Element<WindowResult<string, any>>): void {
    if (e.kind === 'watermark') this.facts.push(`W ${e.timestamp}`);
    if (e.kind !== 'event') return;
    const { key, window, pane, value } = e.value;
    expect(e.timestamp).toBe(window.end - 1);
    expect(e.revision).toEqual([pane.index]);
    expect(pane.isFirst).toBe(pane.index === 0);
    const final = pane.isFinal ? ' final' : '';
    const replaces = e.replaces ? ` replaces ${e.replaces.map((r) => `${r.start}:${r.end}`)}` : '';
    this.facts.push(
      `${key} [${window.start},${window.end}) ${pane.timing} ${pane.index}${final} = ${value.vs}${replaces}`,
    );
  }
}

const anyWindows = fc.oneof(
  fc.record({ gap: fc.integer({ min: 1, max: 6 }) }),
  fc
    .record({
      size: fc.integer({ min: 1, max: 9 }),
      slide: fc.integer({ min: 1, max: 14 }),
      shift: fc.integer({ min: -13, max: 13 }),
    })
    .map(({ size, slide, shift }) => ({ size, slide, offset: shift % Math.max(size, slide) })),
  fc.integer({ min: 1, max: 9 }).map((size) => ({ size, slide: size, offset: 0 })),
);
const anySetup: fc.Arbitrary<Setup> = fc.record({
  windows: anyWindows,
  lateness: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 12 })),
  discarding: fc.boolean(),
});
const anyMove = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      k: fc.constantFrom('a', 'b', '__proto__'),
      dt: fc.integer({ min: -14, max: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ rise: fc.integer({ min: 1, max: 6 }) }) },
);

/* Times move with the watermark, so that on-time, late and expired events all occur. */
function script(
  moves: readonly ({ k: string; dt: number } | { rise: number })[],
  from: number,
): Step[] {
  let w = from;
  const steps: Step[] = moves.map((m, v) => {
    if ('rise' in m) return { wm: (w += m.rise) };
    return { el: { k: m.k, v, ts: w + 4 + m.dt } };
  });
  return [...steps, { wm: Infinity }];
}

const seen = { late: 0, missed: 0, latePane: 0, replaces: 0, unassigned: 0, runs: 0 };

it('every output equals the naive reference, in order, cut anywhere', () => {
  fc.assert(
    fc.property(
      anySetup,
      fc.array(anyMove, { maxLength: 40, size: 'max' }),
      fc.integer({ min: -30, max: 5 }),
      fc.nat({ max: 40 }),
      (setup, moves, from, cut) => {
        const steps = script(moves, from);
        const expected = windowReference(setup, steps);
        const m = new Machine(setup);
        const got = steps.map((step, i) => {
          if (i === cut) m.cut();
          return m.step(step);
        });
        expect(got).toEqual(expected);
        const all = expected.flat().join('\n');
        seen.runs++;
        for (const [name, mark] of [
          ['late', /^late/m],
          ['missed', /^missed/m],
          ['latePane', /\) late/],
          ['replaces', /replaces/],
          ['unassigned', /^unassigned/m],
        ] as const) {
          if (mark.test(all)) seen[name]++;
        }
        const s = m.stats();
        if ('size' in setup.windows) expect(s.live).toBe(0);
      },
    ),
    { numRuns: 1000 },
  );
  for (const n of Object.values(seen)) expect(n).toBeGreaterThan(seen.runs / 40);
});
