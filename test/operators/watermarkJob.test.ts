/** watermark in a job: what it registers, saves, restores, and whose clock it reads. */
import { Subject, VirtualTimeScheduler } from 'rxjs';
import {
  barrierAt,
  type Chunks,
  type Element,
  event,
  type Member,
  restoreWith,
  splitsOf,
  watermarkAt,
} from '../../lib/element.js';
import { type WatermarkConfig, watermark } from '../../operators/watermark.js';

interface Reading {
  readonly at: number;
  readonly from?: string;
}

/** A watermark at work in what looks like a job, with a clock in the hand. */
class Bench {
  readonly lines: string[] = [];
  readonly members: Member[] = [];
  readonly told: string[] = [];
  readonly scheduler = new VirtualTimeScheduler();
  finished: Chunks | undefined;
  /** Arrival time for which the sources were paused. */
  paused = 0;
  private readonly in$ = new Subject<unknown>();
  private n = 0;

  constructor(
    config: Partial<WatermarkConfig<Reading>>,
    private readonly start = 0,
  ) {
    const timestamp = (r: Reading) => r.at;
    this.in$.pipe(watermark({ id: 'w', timestamp, ...config } as WatermarkConfig<any>)).subscribe({
      next: (e) => this.lines.push(line(e)),
      error: (e) => this.lines.push(String(e)),
      complete: () => this.lines.push('|'),
    });
  }

  send(...sent: unknown[]): string[] {
    for (const x of sent) this.in$.next(x);
    return this.lines.splice(0);
  }

  restore(state?: Chunks): string[] {
    const clock = {
      now: () => this.now(),
      running: () => this.now() - this.paused,
      after: (ms: number, fn: () => void) => {
        const timer = this.scheduler.schedule(() => fn(), ms);
        return () => timer.unsubscribe();
      },
    };
    const restore = restoreWith((member) => {
      this.members.push(member);
      return {
        restored: state,
        finished: (chunks) => {
          this.finished = chunks();
        },
        advanced: (w, idle) => this.told.push(`${w}${idle ? ' idle' : ''}`),
        clock,
      };
    });
    return this.send(restore);
  }

  save(): Chunks {
    let state: Chunks = new Map();
    this.n++;
    this.send(barrierAt(this.n, (_, chunks) => (state = chunks)));
    return new Map(Object.entries(structuredClone(Object.fromEntries(state))));
  }

  /** Lets arrival time pass. */
  pass(ms: number): string[] {
    const until = this.scheduler.frame + ms;
    this.scheduler.maxFrames = until;
    this.scheduler.flush();
    this.scheduler.frame = until;
    return this.lines.splice(0);
  }

  complete(): string[] {
    this.in$.complete();
    return this.lines.splice(0);
  }

  private now(): number {
    return this.start + this.scheduler.now();
  }
}

function line(e: Element<Reading>): string {
  if (e.kind === 'event')
    return e.split === undefined ? `${e.timestamp}` : `${e.timestamp} of ${e.split}`;
  if (e.kind === 'watermark') return `W${e.timestamp}`;
  return e.kind === 'status' ? e.status : e.kind;
}

const at = (t: number): Reading => ({ at: t });
const of = (split: string, t: number) => event(at(t), Number.NaN, { split });
const bySplit = { split: (r: Reading) => r.from as string };

describe('watermark in a job', () => {
  it('registers as a clock, tells each watermark and status, and reports at the barrier', () => {
    const bench = new Bench({});
    expect(bench.restore()).toEqual(['restore']);
    const member = { id: 'w', operator: 'watermark', time: true, stats: { in: 0 } };
    expect(bench.members).toMatchObject([member]);
    bench.send(at(5), at(3), at(9));
    expect(bench.told).toEqual(['4', '8']);
    const reports: string[] = [];
    expect(bench.send(barrierAt(1, (id) => reports.push(id)))).toEqual(['barrier']);
    expect(reports).toEqual(['w']);
  });

  it('hands over its last state when its source completes', () => {
    const bench = new Bench({});
    bench.restore();
    bench.send(at(5));
    expect(bench.complete()).toEqual(['WInfinity', '|']);
    expect(bench.told).toEqual(['4', 'Infinity']);
    expect([...(bench.finished?.keys() ?? [])]).toEqual(['time', 'stats']);
  });

  it('refuses a second barrier n: two sources met above it', () => {
    const bench = new Bench({});
    bench.restore();
    bench.save();
    expect(bench.send(barrierAt(1, () => {}))).toEqual([
      'WatermarkOriginError: watermark: barrier 1 came after 1; use union(a, b), or put retry above watermark',
    ]);
  });

  it('is late after a restart where it was late before: W neither falls nor is repeated', () => {
    const one = new Bench({ outOfOrderness: 2 });
    one.restore();
    one.send(at(9), at(5));
    const two = new Bench({ outOfOrderness: 2 });
    expect(two.restore(one.save())).toEqual(['restore']);
    expect(two.told).toEqual(['6']);
    expect(two.send(at(4), at(9), at(10))).toEqual(['4', '9', '10', 'W7']);
    expect(two.members[0]?.stats).toMatchObject({ in: 5, accepted: 5, live: 1 });
  });

  it('goes on from any cut as if nothing had happened, over declared splits too', () => {
    const script = [
      ...[splitsOf(['p', 'q']), of('p', 5), of('p', 9), of('q', 3), at(7), of('q', 20)],
      ...[of('r', 8), of('p', 30), at(11), of('r', 31), of('q', 2), at(40), at(41)],
    ];
    const whole = new Bench({ outOfOrderness: 1 }).send(...script);
    expect(whole.filter((l) => l.startsWith('W')).length).toBeGreaterThan(4);
    for (const cut of script.keys()) {
      const one = new Bench({ outOfOrderness: 1 });
      const before = one.send(...script.slice(0, cut));
      const two = new Bench({ outOfOrderness: 1 });
      two.restore(one.save());
      const declared = cut > 0 ? [splitsOf(['q', 'p'])] : [];
      expect([...before, ...two.send(...declared, ...script.slice(cut))]).toEqual(whole);
    }
  });

  it('stays finished, also where it was idle, whatever its source declares', () => {
    const one = new Bench({ idleTimeout: 10 });
    one.restore();
    one.send(splitsOf(['q']), of('q', 5));
    one.pass(10);
    expect(one.send(watermarkAt(Infinity))).toEqual(['WInfinity']);
    const two = new Bench({ idleTimeout: 10 });
    expect(two.restore(one.save())).toEqual(['restore']);
    expect(two.send(splitsOf(['p']), watermarkAt(Infinity))).toEqual([]);
    expect(two.pass(10)).toEqual([]);
    expect(two.complete()).toEqual(['|']);
  });

  it('restores an unnamed split without events, whose place the declared ones take', () => {
    const one = new Bench({});
    const two = new Bench({});
    two.restore(one.save());
    expect(two.send(splitsOf(['p']), of('p', 5))).toEqual(['5 of p', 'W4']);
  });

  it('lets every restored split hold time, one that was idle or left out too', () => {
    const one = new Bench({ ...bySplit, idleTimeout: 10 });
    one.restore();
    one.send({ at: 5, from: 'a' }, { at: 30, from: 'b' });
    one.pass(8);
    one.send({ at: 31, from: 'b' });
    expect(one.pass(3)).toEqual(['W30']);
    const two = new Bench({ ...bySplit });
    two.restore(one.save());
    const later = two.send({ at: 40, from: 'b' }, { at: 32, from: 'a' });
    expect(later).toEqual(['40 of b', '32 of a', 'W31']);
  });

  it('leaves a split out that wakes behind the restored W', () => {
    const one = new Bench({ ...bySplit, idleTimeout: 10 });
    one.restore();
    one.send({ at: 5, from: 'a' }, { at: 21, from: 'd' });
    one.pass(5);
    one.send({ at: 30, from: 'b' });
    expect(one.pass(5)).toEqual(['W20', 'W29']);
    const two = new Bench({ ...bySplit, idleTimeout: 10 });
    two.restore(one.save());
    two.pass(5);
    two.send({ at: 9, from: 'a' }, { at: 31, from: 'b' });
    expect(two.pass(5)).toEqual([]); // d is idle
    two.send({ at: 22, from: 'd' });
    expect(two.send({ at: 40, from: 'b' }, { at: 41, from: 'a' })).toEqual([
      ...['40 of b', '41 of a', 'W39'],
    ]);
  });

  it('passes the first restore only, as where streams of one job meet above it', () => {
    const bench = new Bench({});
    expect(bench.restore()).toEqual(['restore']);
    expect(bench.restore()).toEqual([]);
    expect(bench.members).toHaveLength(1);
  });

  it('counts a new split that its source declares after a restore from −∞ on', () => {
    const one = new Bench({});
    one.send(splitsOf(['p']), of('p', 5));
    const two = new Bench({});
    two.restore(one.save());
    const out = two.send(splitsOf(['p', 'q']), of('p', 9), of('q', 2), of('q', 7));
    expect(out).toEqual(['9 of p', '2 of q', '7 of q', 'W6']);
  });

  it('refuses a source that no longer declares a split of the checkpoint', () => {
    const one = new Bench({});
    one.send(splitsOf(['p', 'q']), of('p', 5), of('undeclared', 7));
    const two = new Bench({});
    two.restore(one.save());
    expect(two.send(splitsOf(['p']))).toEqual([
      'SplitError: watermark: split "q" of the checkpoint is no longer declared by its source',
    ]);
    const three = new Bench({});
    three.restore(one.save());
    expect(three.send(splitsOf(['p', 'q']), splitsOf(['p']))).toEqual([]);
  });

  it('refuses state whose splits were named otherwise', () => {
    const one = new Bench(bySplit);
    const two = new Bench({});
    expect(two.restore(one.save())[0]).toMatch(
      /^SettingsError: watermark "w": `split` is "of the source" but was "a function" when/,
    );
  });

  it('is active again right after the restore where it had been idle', () => {
    const one = new Bench({ idleTimeout: 10 });
    one.restore();
    one.send(at(5));
    expect(one.pass(10)).toEqual(['idle']);
    const two = new Bench({ idleTimeout: 10 });
    expect(two.restore(one.save())).toEqual(['restore', 'active']);
    expect(two.told).toEqual(['4', '4']);
    expect(two.send(at(7))).toEqual(['7', 'W6']);
  });

  it('starts idle clocks anew at the restore', () => {
    const one = new Bench({ idleTimeout: 10 });
    one.restore();
    one.send(at(5));
    one.pass(9);
    const two = new Bench({ idleTimeout: 10 });
    two.pass(100);
    two.restore(one.save());
    expect(two.pass(9)).toEqual([]);
    expect(two.pass(1)).toEqual(['idle']);
  });

  it('does not count the time for which its sources were paused as silence', () => {
    const bench = new Bench({ idleTimeout: 10 });
    bench.restore();
    bench.send(at(5));
    bench.pass(8);
    pause(bench, 1000);
    expect(bench.send()).toEqual([]);
    expect(bench.pass(20)).toEqual(['idle']);
    expect(bench.told).toEqual(['4', '4 idle']);
  });

  it('does not say idle when it wakes from a pause with an event', () => {
    const bench = new Bench({ idleTimeout: 10 });
    bench.restore();
    bench.send(at(5));
    pause(bench, 1000);
    expect(bench.send(at(6))).toEqual(['6', 'W5']);
  });

  it('judges the future by the clock of the job, not by its own', () => {
    const wall = 1e12;
    const bench = new Bench({}, wall);
    bench.restore();
    const [near, far] = [wall + 300_000, wall + 300_001];
    expect(bench.send(at(far), at(near))).toEqual([`${near}`, `W${near - 1}`]);
    bench.pass(1);
    expect(bench.send(at(far))).toEqual([`${far}`, `W${far - 1}`]);
  });

  it('reads the scheduler of its config where it has one, and stands with the job', () => {
    const scheduler = new VirtualTimeScheduler();
    const bench = new Bench({ idleTimeout: 10, scheduler });
    bench.restore();
    bench.send(at(5));
    pause(bench, 8);
    scheduler.frame = 17;
    expect(bench.send(at(6))).toEqual(['6', 'W5']);
    scheduler.frame = 27;
    expect(bench.send(at(7))).toEqual(['idle', 'active', '7', 'W6']);
  });

  function pause(bench: Bench, ms: number): void {
    const step = 10;
    for (let gone = 0; gone < ms; gone += step) {
      bench.paused += Math.min(step, ms - gone);
      expect(bench.pass(Math.min(step, ms - gone))).toEqual([]);
    }
  }
});
