/** The valve: one watermark out of many, as Flink's, with FLINK-38477 avoided. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { type OnResume, Valve } from '../../lib/valve.js';

type Step = ['wm', number, number | 'MAX'] | ['idle', number] | ['active', number];

/** A valve of n inputs, and what it would emit for each step. */
function valveOf(n: number, policy: OnResume = 'ignore') {
  const valve = new Valve(policy);
  for (let i = 0; i < n; i++) valve.add();
  return { valve, step: (step: Step) => apply(valve, step) };
}

function apply(valve: Valve, [what, i, w]: Step): unknown[] {
  const [before, status] = [valve.watermark, valve.status];
  if (what === 'idle') valve.idle(i);
  else if (what === 'active') valve.active(i);
  else if (w === 'MAX') valve.finish(i);
  else valve.advance(i, w as number);
  const out: unknown[] = [];
  if (valve.watermark > before) {
    out.push(['W', valve.watermark === Infinity ? 'MAX' : valve.watermark]);
  }
  if (valve.status !== status && !valve.allFinished) out.push([valve.status.toUpperCase()]);
  return out;
}

function run(n: number, steps: readonly Step[], policy: OnResume = 'ignore'): unknown[][] {
  const { step } = valveOf(n, policy);
  return steps.map(step);
}

const dv = readFileSync(join(__dirname, '../conformance/cases/DV.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { id: string; cfg: any; steps: Step[]; out: unknown[][] });

describe('valve', () => {
  it.each(dv.map((c) => [c.id, c] as const))('does what Flink does in %s', (_, c) => {
    expect(run(c.cfg.channels, c.steps)).toEqual(c.out);
  });

  it('is at −∞ and active until every input has a watermark', () => {
    const { valve, step } = valveOf(2);
    expect(step(['wm', 0, 5])).toEqual([]);
    expect([valve.watermark, valve.status]).toEqual([-Infinity, 'active']);
    expect(step(['wm', 1, 3])).toEqual([['W', 3]]);
  });

  it('without inputs is active and has not finished', () => {
    const valve = new Valve('ignore');
    expect([valve.status, valve.allFinished]).toEqual(['active', false]);
  });

  it('never falls: a lower watermark of an input is ignored', () => {
    expect(
      run(1, [
        ['wm', 0, 5],
        ['wm', 0, 4],
        ['wm', 0, 6],
      ]),
    ).toEqual([[['W', 5]], [], [['W', 6]]]);
  });

  it('ignores the watermark of an idle input', () => {
    const { step } = valveOf(1);
    step(['idle', 0]);
    expect(step(['wm', 0, 5])).toEqual([]);
    step(['active', 0]);
    expect(step(['wm', 0, 4])).toEqual([['W', 4]]);
  });

  it('takes the min without the input that turned idle', () => {
    const { step } = valveOf(2);
    step(['wm', 0, 9]);
    step(['wm', 1, 2]);
    expect(step(['idle', 1])).toEqual([['W', 9]]);
  });

  it('emits the greatest watermark, then idle, when the last active input turns idle', () => {
    const { step } = valveOf(2);
    step(['wm', 0, 9]);
    step(['wm', 1, 2]);
    expect(step(['idle', 0])).toEqual([]);
    expect(step(['idle', 1])).toEqual([['W', 9], ['IDLE']]);
  });

  it('one input alone flushes nothing', () => {
    expect(
      run(1, [
        ['wm', 0, 4],
        ['idle', 0],
      ]),
    ).toEqual([[['W', 4]], [['IDLE']]]);
  });

  it('does not flush when the last input to turn idle was left out', () => {
    const { step } = valveOf(2);
    step(['wm', 0, 9]);
    step(['wm', 1, 2]);
    step(['idle', 1]); // W 9
    step(['active', 1]); // behind: left out
    step(['wm', 0, 10]);
    step(['idle', 0]);
    expect(step(['idle', 1])).toEqual([['IDLE']]);
  });

  it('does not take the min anew when an input that was left out turns idle', () => {
    const { valve, step } = valveOf(3);
    step(['wm', 0, 5]);
    step(['wm', 1, 8]);
    step(['wm', 2, 3]);
    step(['idle', 1]);
    step(['idle', 2]);
    step(['active', 2]); // left out behind 5
    step(['idle', 0]);
    expect(step(['active', 1])).toEqual([]); // a resume by itself moves nothing
    expect(step(['idle', 2])).toEqual([]);
    expect(valve.watermark).toBe(5);
    expect(step(['wm', 1, 9])).toEqual([['W', 9]]);
  });

  it('ignore: an input that resumes behind is left out until it has caught up', () => {
    const { step } = valveOf(2);
    step(['wm', 0, 9]);
    step(['wm', 1, 2]);
    step(['idle', 1]);
    step(['active', 1]);
    expect(step(['wm', 0, 12])).toEqual([['W', 12]]);
    expect(step(['wm', 1, 12])).toEqual([]); // caught up at exactly W
    expect(step(['wm', 0, 20])).toEqual([]);
    expect(step(['wm', 1, 15])).toEqual([['W', 15]]);
  });

  it('hold: an input that resumes behind holds time, and never lowers it', () => {
    const { valve, step } = valveOf(2, 'hold');
    step(['wm', 0, 9]);
    step(['wm', 1, 2]);
    step(['idle', 1]);
    step(['active', 1]);
    expect(step(['wm', 0, 12])).toEqual([]);
    expect(valve.watermark).toBe(9);
    expect(step(['wm', 1, 10])).toEqual([['W', 10]]);
  });

  it('an added input counts at once, also behind the output', () => {
    const valve = new Valve('ignore');
    valve.add();
    valve.advance(0, 9);
    const second = valve.add();
    valve.advance(second, 4);
    valve.advance(0, 20);
    expect(valve.watermark).toBe(9);
    valve.advance(second, 11);
    expect(valve.watermark).toBe(11);
  });

  it('a finished input leaves the min', () => {
    const { step } = valveOf(2);
    step(['wm', 0, 9]);
    step(['wm', 1, 2]);
    expect(step(['wm', 1, 'MAX'])).toEqual([['W', 9]]);
  });

  it('FLINK-38477: a finished input never lends its +∞ to an idle one', () => {
    const { valve, step } = valveOf(2);
    step(['wm', 0, 5]);
    step(['wm', 1, 7]);
    expect(step(['wm', 1, 'MAX'])).toEqual([]);
    expect(step(['idle', 0])).toEqual([['IDLE']]);
    expect(valve.watermark).toBe(5);
    expect(step(['active', 0])).toEqual([['ACTIVE']]);
    expect(step(['wm', 0, 6])).toEqual([['W', 6]]);
  });

  it('FLINK-38477: nor does the last active input that finishes while another is idle', () => {
    const { valve, step } = valveOf(2);
    step(['wm', 0, 5]);
    step(['wm', 1, 7]);
    step(['idle', 0]);
    expect(step(['wm', 1, 'MAX'])).toEqual([['IDLE']]);
    expect([valve.watermark, valve.allFinished]).toEqual([7, false]);
  });

  it('is at +∞, once, when every input has finished, idle ones too', () => {
    const { step } = valveOf(2);
    step(['idle', 0]);
    step(['wm', 1, 'MAX']);
    expect(step(['wm', 0, 'MAX'])).toEqual([['W', 'MAX']]);
    expect(step(['wm', 0, 'MAX'])).toEqual([]);
  });

  it('a finished input stays finished', () => {
    const { valve, step } = valveOf(2);
    step(['wm', 0, 'MAX']);
    for (const again of [
      ['active', 0],
      ['idle', 0],
      ['wm', 0, 4],
    ] as Step[])
      step(again);
    expect(valve.input(0).status).toBe('finished');
    expect(step(['wm', 1, 3])).toEqual([['W', 3]]);
  });

  it.each(['ignore', 'hold'] as const)(
    '%s: saved and restored before any step, it goes on',
    (policy) => {
      for (const { cfg, steps } of dv) {
        const whole = run(cfg.channels, steps, policy);
        const { valve, step } = valveOf(cfg.channels, policy);
        for (const [cut, next] of steps.entries()) {
          const again = new Valve(policy);
          again.load(structuredClone(valve.save()));
          expect(steps.slice(cut).map((s) => apply(again, s))).toEqual(whole.slice(cut));
          step(next);
        }
      }
    },
  );

  it('emits nothing but rising watermarks and alternating status, whatever comes', () => {
    const anyStep = fc.tuple(
      fc.constantFrom('wm', 'wm', 'wm', 'wm', 'idle', 'active'),
      fc.nat(3),
      fc.integer({ min: -9, max: 30 }),
    );
    fc.assert(
      fc.property(
        fc.array(anyStep),
        fc.constantFrom<OnResume>('ignore', 'hold'),
        (steps, policy) => {
          const out = run(4, steps as Step[], policy).flat() as [string, number?][];
          const rises = out.filter(([what]) => what === 'W').map(([, w]) => w as number);
          expect(rises).toEqual([...new Set(rises)].sort((a, b) => a - b));
          const statuses = out.filter(([what]) => what !== 'W').map(([what]) => what);
          expect(statuses).toEqual(statuses.map((_, i) => (i % 2 === 0 ? 'IDLE' : 'ACTIVE')));
        },
      ),
    );
  });
});
