/** watermark in a job: what it registers, saves, restores, and whose clock it reads. */
import { merge, type Observable } from 'rxjs';
import { dedupe, type WatermarkConfig, watermark } from 'tidemark';
import {
  ArrivalClock,
  type Harness,
  type HarnessOptions,
  harness,
  type Message,
  marbles,
} from 'tidemark/testing';

type Config = Partial<WatermarkConfig<string>>;

/** A watermark at work in what looks like a job: `a5` is an event of split a at 5. */
function timed(config: Config = {}, options: HarnessOptions = {}): Harness {
  const timestamp = (v: string): number => Number(v.slice(1));
  const build = (in$: Observable<any>) => in$.pipe(watermark({ id: 'w', timestamp, ...config }));
  return harness(build, options);
}

const bySplit: Config = { split: (v) => v.slice(0, 1) };

/** The same watermark in the next run of the job, and what it says when its state comes back. */
function restarted(one: Harness, config: Config = {}): { two: Harness; said: string } {
  const two = timed(config);
  return { two, said: two.restore(one.snapshot()) };
}

/** What has come out, without its arrival. */
const facts = (h: Harness): unknown[] => h.take().map(({ frame, ...m }: Message) => m);

describe('watermark in a job', () => {
  it('registers as a clock, tells each watermark and status, and reports at the barrier', () => {
    const h = timed();
    const member = { id: 'w', operator: 'watermark', time: true, stats: { in: 0 } };
    expect(h.members).toMatchObject([member]);
    h.play('a5 a3 a9');
    expect(h.progress).toEqual([
      { timestamp: 4, idle: false },
      { timestamp: 8, idle: false },
    ]);
    expect(h.barrier()).toBe('barrier#1');
    expect([...h.state().keys()]).toEqual(['time', 'stats']);
  });

  it('hands over its last state when its source completes', () => {
    const h = timed();
    h.send('a5');
    expect(h.complete()).toBe('(W∞ |)');
    expect(h.progress.map((p) => p.timestamp)).toEqual([4, Infinity]);
    expect([...h.state().keys()]).toEqual(['time', 'stats']);
  });

  it('refuses a second barrier n: two sources met above it', () => {
    const h = timed();
    h.barrier(1);
    expect(h.barrier(1)).toBe(
      "#'WatermarkOriginError: watermark: barrier 1 came after 1; use union(a, b), or put retry above watermark'",
    );
  });

  it('is late after a restart where it was late before: W neither falls nor is repeated', () => {
    const one = timed({ outOfOrderness: 2 });
    one.play('a9 a5');
    const { two, said } = restarted(one, { outOfOrderness: 2 });
    expect(said).toBe('·');
    expect(two.progress).toEqual([{ timestamp: 6, idle: false }]);
    expect(two.play('a4 a9 a10')).toBe('a4@4 a9@9 (a10@10 W7)');
    expect(two.stats()).toMatchObject({ in: 5, accepted: 5, live: 1 });
  });

  it('goes on from any cut as if nothing had happened, over declared splits too', () => {
    const { messages } = marbles(
      'splits:p,q p5@0/p p9@0/p q3@0/q a7 q20@0/q r8@0/r p30@0/p a11 r31@0/r q2@0/q a40 a41',
    );
    const undisturbed = timed({ outOfOrderness: 1 });
    undisturbed.play(messages);
    const whole = facts(undisturbed);
    expect(whole.filter((m) => (m as Message).kind === 'watermark').length).toBeGreaterThan(4);
    for (const cut of messages.keys()) {
      const one = timed({ outOfOrderness: 1 });
      one.play(messages.slice(0, cut));
      const { two } = restarted(one, { outOfOrderness: 1 });
      if (cut > 0) expect(two.splits(['q', 'p'])).toBe('·');
      two.play(messages.slice(cut));
      expect([...facts(one), ...facts(two)]).toEqual(whole);
    }
  });

  it('stays finished, also where it was idle, whatever its source declares', () => {
    const one = timed({ idleTimeout: 10 });
    one.splits(['q']);
    one.push('q5', 0, { split: 'q' });
    expect(one.advance(10)).toBe('10ms idle');
    expect(one.watermark(Infinity)).toBe('W∞');
    const { two, said } = restarted(one, { idleTimeout: 10 });
    expect(said).toBe('·');
    expect([two.splits(['p']), two.watermark(Infinity), two.advance(10)]).toEqual(['·', '·', '·']);
    expect(two.complete()).toBe('|');
  });

  it('restores an unnamed split without events, whose place the declared ones take', () => {
    const { two } = restarted(timed());
    expect(two.play('splits:p p5@0/p')).toBe('1ms (p5@5/p W4)');
  });

  it('lets every restored split hold time, one that was idle or left out too', () => {
    const one = timed({ ...bySplit, idleTimeout: 10 });
    expect(one.play('(a5 b30)')).toBe('(a5@5/a W4 b30@30/b)');
    expect(one.advance(8)).toBe('·');
    expect(one.send('b31')).toBe('b31@31/b');
    expect(one.advance(3)).toBe('2ms W30');
    const { two } = restarted(one, bySplit);
    expect(two.play('b40 a32')).toBe('b40@40/b (a32@32/a W31)');
  });

  it('leaves a split out that wakes behind the restored W', () => {
    const config = { ...bySplit, idleTimeout: 10 };
    const one = timed(config);
    one.play('(a5 d21)');
    one.advance(5);
    one.send('b30');
    expect(one.advance(5)).toBe('5ms (W20 W29)');
    const { two } = restarted(one, config);
    two.advance(5);
    expect(two.play('(a9 b31)')).toBe('(a9@9/a b31@31/b)');
    expect(two.advance(5)).toBe('·'); // d is idle
    expect(two.play('(d22 b40 a41)')).toBe('(d22@22/d b40@40/b a41@41/a W39)');
  });

  it('passes one restore on, also where streams of one job meet above it', () => {
    const timestamp = (v: string): number => Number(v.slice(1));
    const h = harness((a$: Observable<any>, b$: Observable<any>) =>
      merge(a$, b$).pipe(
        watermark({ id: 'w', timestamp }),
        dedupe({ id: 'below', key: (v: string) => v }),
      ),
    );
    expect(h.members.map((m) => m.id)).toEqual(['w', 'below']);
  });

  it('counts a new split that its source declares after a restore from −∞ on', () => {
    const one = timed();
    one.play('splits:p p5@0/p');
    const { two } = restarted(one);
    expect(two.play('splits:p,q p9@0/p q2@0/q q7@0/q')).toBe('1ms p9@9/p q2@2/q (q7@7/q W6)');
  });

  it('refuses a source that no longer declares a split of the checkpoint', () => {
    const one = timed();
    one.play('splits:p,q p5@0/p u7@0/undeclared');
    expect(restarted(one).two.splits(['p'])).toContain(
      'SplitError: watermark: split "q" of the checkpoint is no longer declared by its source',
    );
    const { two } = restarted(one);
    expect([two.splits(['p', 'q']), two.splits(['p'])]).toEqual(['·', '·']);
  });

  it('refuses state whose splits were named otherwise', () => {
    expect(restarted(timed(bySplit)).said).toContain(
      'SettingsError: watermark "w": `split` is "of the source" but was "a function" when',
    );
  });

  it('is active again right after the restore where it had been idle', () => {
    const one = timed({ idleTimeout: 10 });
    one.send('a5');
    expect(one.advance(10)).toBe('10ms idle');
    const { two, said } = restarted(one, { idleTimeout: 10 });
    expect(said).toBe('active');
    expect(two.progress.map((p) => p.timestamp)).toEqual([4, 4]);
    expect(two.send('a7')).toBe('(a7@7 W6)');
  });

  it('starts idle clocks anew at the restore', () => {
    const one = timed({ idleTimeout: 10 });
    one.send('a5');
    one.advance(9);
    const scheduler = new ArrivalClock();
    scheduler.advance(100);
    const two = timed({ idleTimeout: 10 }, { scheduler });
    expect(two.restore(one.snapshot())).toBe('·');
    expect([two.advance(9), two.advance(1)]).toEqual(['·', '1ms idle']);
  });

  it('does not count the time for which its sources were paused as silence', () => {
    const h = timed({ idleTimeout: 10 });
    h.send('a5');
    h.advance(8);
    expect(h.advance(1000, { paused: true })).toBe('·');
    expect(h.advance(20)).toMatch(/^\d+ms idle$/);
    expect(h.progress.map((p) => p.idle)).toEqual([false, true]);
  });

  it('does not say idle when it wakes from a pause with an event', () => {
    const h = timed({ idleTimeout: 10 });
    h.send('a5');
    expect(h.advance(1000, { paused: true })).toBe('·');
    expect(h.send('a6')).toBe('(a6@6 W5)');
  });

  it('counts a split that was idle before a pause as long as the time-out: it may have a backlog', () => {
    const h = timed({ ...bySplit, idleTimeout: 10 });
    h.play('a5 b5');
    h.advance(6);
    h.send('a6');
    h.advance(6); // b is idle
    expect(h.send('a7')).toBe('(a7@7/a W6)');
    h.advance(10, { paused: true });
    expect(h.play('a20 b8 a21')).toBe('a20@20/a (b8@8/b W7) a21@21/a');
    expect(h.advance(12)).toMatch(/W20/); // b is idle again
  });

  it('leaves an idle split idle after a shorter pause', () => {
    const h = timed({ ...bySplit, idleTimeout: 10 });
    h.play('a5 b5');
    h.advance(6);
    h.send('a6');
    h.advance(6);
    h.advance(9, { paused: true });
    expect(h.send('a20')).toBe('(a20@20/a W19)');
  });

  it('judges the future by the clock of the job, not by its own', () => {
    const wall = 1e12;
    const options = { clock: wall, epoch: wall };
    const h = timed({ timestamp: (v) => wall + Number(v.slice(1)) }, options);
    expect(h.play('(f300001 n300000)')).toBe('(n300000@5m W5m-1ms)');
    h.advance(1);
    expect(h.send('f300001')).toBe('(f300001@5m1ms W5m)');
  });

  it('reads the scheduler of its config where it has one, and stands with the job', () => {
    const scheduler = new ArrivalClock();
    const h = timed({ idleTimeout: 10, scheduler });
    h.send('a5');
    h.advance(8, { paused: true });
    scheduler.frame = 17;
    expect(h.send('a6')).toBe('(a6@6 W5)');
    scheduler.frame = 27;
    expect(h.send('a7')).toBe('(idle active a7@7 W6)');
  });
});
