/** `eventTimeWindow` held to a naive reference: every output, in order, over random scripts and cuts. */
import fc from 'fast-check';
import { Subject } from 'rxjs';
import {
  collect,
  count,
  event,
  eventTimeWindow,
  session,
  sliding,
  type WindowStats,
  watermarkAt,
} from 'tidemark';
import { barrierAt, type Chunks, type Element, restoreWith } from '../../lib/element.js';
import { type Arrived, type Setup, type Step, windowReference } from './windowReference.js';

const clock = { now: () => 0, running: () => 0 };

/* The operator as a machine: give it a step, get the printed facts; save and go on in a new one. */
function machine(setup: Setup) {
  let facts: string[] = [];
  let input = new Subject<Element<Arrived>>();
  let stats: Readonly<WindowStats> | undefined;
  const { windows, lateness, discarding } = setup;
  const start = () => {
    const window =
      'gap' in windows
        ? session<Arrived>(windows.gap)
        : sliding(windows.size, windows.slide, { offset: windows.offset });
    const operator = eventTimeWindow<Arrived, string, any>({
      id: 'w',
      window,
      key: (e) => e.k,
      aggregate: { vs: collect((e: Arrived) => e.v), n: count() },
      allowedLateness: lateness,
      accumulation: discarding ? 'discarding' : 'accumulating',
      late: (l) => facts.push(`late ${l.value.v}`),
      missed: (m) => facts.push(`missed ${m.windows.length} ${m.value.v}`),
      stats: (live) => {
        stats = live;
      },
    });
    input = new Subject();
    input.pipe(operator).subscribe((e) => {
      if (e.kind === 'watermark') facts.push(`W ${e.timestamp}`);
      if (e.kind !== 'event') return;
      const { key, window, pane, value } = e.value as any;
      expect(e.timestamp).toBe(window.end - 1);
      expect(e.revision).toEqual([pane.index]);
      expect(pane.isFirst).toBe(pane.index === 0);
      const final = pane.isFinal ? ' final' : '';
      const replaces = e.replaces
        ? ` replaces ${e.replaces.map((r) => `${r.start}:${r.end}`)}`
        : '';
      facts.push(
        `${key} [${window.start},${window.end}) ${pane.timing} ${pane.index}${final} = ${value.vs}${replaces}`,
      );
    });
  };
  start();
  return {
    step(step: Step): string[] {
      facts = [];
      if ('wm' in step) input.next(watermarkAt(step.wm));
      else {
        const unassigned = stats?.unassigned ?? 0;
        input.next(event(step.el, step.el.ts));
        if ((stats?.unassigned ?? 0) > unassigned) facts.push(`unassigned ${step.el.v}`);
      }
      const s = stats as WindowStats;
      expect(s.in).toBe(s.accepted + s.late + s.invalid + s.duplicate + s.unassigned);
      return facts;
    },
    cut(): void {
      let chunks: Chunks = new Map();
      const before = { ...stats };
      input.next(barrierAt(1, (_id, state) => (chunks = structuredClone(state) as Chunks)));
      input.unsubscribe();
      start();
      const shuffled = new Map([...chunks].reverse());
      input.next(restoreWith(() => ({ restored: shuffled, finished() {}, advanced() {}, clock })));
      expect({ ...stats }).toEqual(before);
    },
    stats: () => stats as WindowStats,
  };
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
        const m = machine(setup);
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
