/** watermark() against recorded runs of Flink: splits with idleness, both resume policies. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Subject, VirtualTimeScheduler } from 'rxjs';
import type { Element } from '../../lib/element.js';
import { watermark } from '../../operators/watermark.js';

interface Case {
  readonly id: string;
  readonly cfg: { outOfOrderness: number; idleTimeout: number; policy: 'ignore' | 'hold' };
  readonly steps: readonly (readonly ['ev', number, number] | readonly ['tick', number])[];
  readonly out: readonly unknown[][];
}

function casesOf(family: string): [string, Case][] {
  const text = readFileSync(join(__dirname, `../conformance/cases/${family}.jsonl`), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Case)
    .map((c) => [c.id, c]);
}

/** What the operator emits besides events, step by step. */
function run({ cfg, steps }: Case): unknown[][] {
  const scheduler = new VirtualTimeScheduler();
  const in$ = new Subject<{ split: number; at: number }>();
  let out: unknown[] = [];
  in$
    .pipe(
      watermark({
        timestamp: (v) => v.at,
        split: (v) => String(v.split),
        outOfOrderness: cfg.outOfOrderness,
        idleTimeout: cfg.idleTimeout,
        onResume: cfg.policy,
        scheduler,
      }),
    )
    .subscribe((e) => out.push(...recorded(e)));
  return steps.map((step) => {
    out = [];
    pass(scheduler, step[0] === 'tick' ? step[1] : 1);
    if (step[0] === 'ev') in$.next({ split: step[1], at: step[2] });
    return out;
  });
}

function pass(scheduler: VirtualTimeScheduler, d: number): void {
  const until = scheduler.frame + d;
  scheduler.maxFrames = until;
  scheduler.flush();
  scheduler.frame = until;
}

function recorded(e: Element<unknown>): unknown[][] {
  if (e.kind === 'watermark') return [['W', e.timestamp]];
  return e.kind === 'status' ? [[e.status.toUpperCase()]] : [];
}

describe('watermark', () => {
  it.each(casesOf('D1'))('does what Flink does in %s', (_, c) => {
    expect(run(c)).toEqual(c.out);
  });
  it.each(casesOf('D2'))('raises W as Flink does in %s', (_, c) => {
    const watermarks = (out: readonly unknown[][]) =>
      out.map((step) => step.filter((e) => (e as unknown[])[0] === 'W'));
    expect(watermarks(run(c))).toEqual(watermarks(c.out));
  });
});
