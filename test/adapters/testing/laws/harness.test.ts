/** harness: an operator driven by hand, its state in bytes, its clock, and what it refuses. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { delay, type Observable } from 'rxjs';
import {
  dedupe,
  event,
  eventTimeWindow,
  intervalJoin,
  type Logic,
  newStats,
  stageOperator,
  sum,
  tumbling,
  union,
  values,
  watermark,
} from 'tidemark';
import {
  ArrivalClock,
  type Build,
  type Harness,
  type HarnessOptions,
  harness,
} from 'tidemark/testing';
import { lastPerKey } from './lastPerKey.js';

const byValue = { id: 'last', key: (v: string) => v };
const last = (o?: HarnessOptions): Harness => harness((in$) => in$.pipe(lastPerKey(byValue)), o);
interface Reading {
  readonly at: number;
}
const readings = (idleTimeout: number) => (in$: Observable<any>) =>
  in$.pipe(watermark({ id: 'w', timestamp: (r: Reading) => r.at, idleTimeout }));

describe('a harness', () => {
  it('gives, at each step, what came out in it', () => {
    const h = last();
    expect(h.push('a', 3)).toBe('·');
    expect(h.push('b', 1)).toBe('·');
    expect(h.watermark(2)).toBe('(b@1 W2)');
    expect(h.watermark(4)).toBe('(a@3 W4)');
    expect(h.push('c', 2)).toBe('·');
    expect([h.idle(), h.active()]).toEqual(['idle', 'active']);
    expect(h.complete()).toBe('(W∞ |)');
    expect(h.stats()).toMatchObject({ in: 3, accepted: 2, late: 1, out: 2, live: 0, peak: 2 });
  });

  it('has everything that came out as messages, and what is new', () => {
    const h = last();
    h.push('a', 3);
    h.watermark(3);
    h.advance(5);
    h.watermark(4);
    expect(h.take()).toEqual([
      { kind: 'event', frame: 0, value: 'a', timestamp: 3 },
      { kind: 'watermark', frame: 0, timestamp: 3 },
      { kind: 'watermark', frame: 5, timestamp: 4 },
    ]);
    expect(h.take()).toEqual([]);
    expect(h.outputs).toHaveLength(3);
    expect(h.text()).toBe('(a@3 W3) 4ms W4');
  });

  it('reads times from its epoch on, durations, and the calendar', () => {
    const h = last({ epoch: '2026-03-29T00:00Z' });
    h.push('a', '1 minute');
    h.push('b', '2026-03-29T02:00+01:00');
    expect(h.watermark('1h')).toBe('(a@1m b@1h W1h)');
    expect(h.take()[0]).toMatchObject({ timestamp: Date.UTC(2026, 2, 29, 0, 1) });
    expect(() => h.push('a', 'soon')).toThrow('push: `at` must be a time');
  });

  it('sends data into the first input, and time into all, unless one is named', () => {
    const h = harness((l$, r$) =>
      (l$ as Observable<any>).pipe(
        intervalJoin(r$, { id: 'j', leftKey: () => 1, rightKey: () => 1, lower: 0, upper: 9 }),
      ),
    );
    h.push('l', 1);
    expect(h.push('r', 2, { input: 1 })).toBe("{ left: 'l', right: 'r' }@2");
    expect(h.watermark(4, 0)).toBe('·');
    expect(h.watermark(6)).toBe('W6');
    expect(h.complete(1)).toBe('·');
    expect([h.observed(0), h.observed(1)]).toEqual([true, false]);
    expect(h.complete()).toBe('(W∞ |)');
    expect(() => h.push('x', 9, { input: 2 })).toThrow(
      'harness: `input` must be an integer from 0 to 1; got 2',
    );
  });

  it('prints known values as letters, window results by their value', () => {
    const n = sum((v: number) => v);
    const h = harness(
      (in$) => in$.pipe(eventTimeWindow({ window: tumbling(5), aggregate: { n } })),
      {
        values: { x: { n: 3 } },
      },
    );
    h.push(1, 0);
    h.push(2, 4);
    expect(h.watermark(4)).toBe('(x@4 W4)');
  });

  it('keeps split, op and revision of what it is given', () => {
    const h = harness((in$) => in$.pipe(values()));
    expect(h.push('a', 1, { split: 'p0', op: '-', revision: [2] })).toBe('-a@1/p0');
    expect(h.take()).toMatchObject([{ split: 'p0', op: '-', revision: [2] }]);
  });

  it('plays a script, each message at its arrival time', () => {
    const h = last({ values: { x: 'a' } });
    expect(h.play('x@1 9ms W0 W4 · x@9 |')).toBe('10ms W0 (x@1 W4) 2ms (x@9 W∞ |)');
    expect([h.take()[1], h.scheduler.now()]).toEqual([
      { kind: 'event', frame: 11, value: 'a', timestamp: 1 },
      14,
    ]);
    const two = harness((a$, b$) => union(a$, b$ as typeof a$));
    expect(two.play('a@1 W3 #', 1)).toMatch(/^a@1 1ms #/);
  });

  it('prints a value that reads like a word of the notation as a value', () => {
    const h = harness((in$) => in$);
    expect([h.send('idle'), h.idle(), h.send('W4'), h.send('wide')]).toEqual([
      "'idle'",
      'idle',
      "'W4'",
      'wide',
    ]);
  });

  it('takes any number of inputs where it is told how many', () => {
    const h = harness((...all) => union(...(all as [Observable<any>])), { inputs: 3 });
    for (const input of [0, 1, 2]) expect(h.push('a', 1, { input })).toBe('a@1');
    expect([h.watermark(1, 0), h.watermark(2, 2), h.watermark(3, 1)]).toEqual(['·', '·', 'W1']);
  });

  it('passes on the error of an input, and knows who still listens', () => {
    const h = last();
    h.push('a', 1);
    expect(h.observed()).toBe(true);
    expect(h.error(new Error('no'))).toBe("#'Error: no'");
    expect(h.observed()).toBe(false);
  });

  it('says nothing after an unsubscription', () => {
    const h = last();
    h.push('a', 1);
    h.unsubscribe();
    expect([h.observed(), h.watermark(5)]).toEqual([false, '·']);
  });

  it('counts barriers among the outputs, and aligns them', () => {
    const h = harness((a$, b$) => union({ id: 'u' }, a$ as never, b$ as never));
    expect(h.barrier(1, 0)).toBe('·');
    expect(h.barrier(1, 1)).toBe('barrier#1');
    expect(h.barrier()).toBe('barrier#2');
  });
});

describe('arrival time in a harness', () => {
  it('stands but for advance, which runs the timers that fall due, each at its instant', () => {
    const h = harness(readings(10));
    expect(h.send({ at: 5 })).toBe('({ at: 5 }@5 W4)');
    expect(h.advance(9)).toBe('·');
    expect(h.advance('1 minute')).toBe('1ms idle');
    expect(h.take().at(-1)).toEqual({ kind: 'status', frame: 10, status: 'idle' });
    expect(h.progress).toEqual([
      { timestamp: 4, idle: false },
      { timestamp: 4, idle: true },
    ]);
  });

  it('is the clock of the job, also while its sources stand still', () => {
    const h = harness(readings(10), { clock: '2026-01-01T00:00:00Z' });
    h.send({ at: 5 });
    expect(h.scheduler.now()).toBe(Date.UTC(2026, 0, 1));
    h.advance(8);
    expect(h.advance('1h', { paused: true })).toBe('·');
    expect(h.advance(100)).toMatch(/^\d+ms idle$/);
  });

  it('is a scheduler for whatever takes one', () => {
    const scheduler = new ArrivalClock(1000);
    const h = harness((in$) => in$.pipe(delay(5, scheduler)), { scheduler, inJob: false });
    expect(h.push('a', 1)).toBe('·');
    expect(h.advance(9)).toBe('5ms a@1');
    expect(scheduler.now()).toBe(1009);
  });

  it('does not go back where a timer has moved it on', () => {
    const scheduler = new ArrivalClock();
    scheduler.schedule(() => scheduler.advance(20), 5);
    scheduler.advance(9);
    expect(scheduler.now()).toBe(25);
  });

  it('throws what a timer throws, and does not wait for one that never ends', () => {
    const scheduler = new ArrivalClock();
    const again = (): void => void scheduler.schedule(again);
    scheduler.schedule(() => {
      throw new Error('timer');
    }, 3);
    expect(() => scheduler.advance(5)).toThrow('timer');
    scheduler.schedule(again, 4);
    expect(() => scheduler.advance(9)).toThrow('a timer sets itself again at once, for ever, at 9');
  });
});

describe('state in a harness', () => {
  it('goes on in another, through bytes', () => {
    const one = last();
    one.push('a', 3);
    one.push('b', 9);
    one.watermark(2);
    const bytes = one.snapshot();
    one.push('a', 8);
    const two = last();
    expect(two.restore(bytes)).toBe('·');
    expect(two.push('late', 2)).toBe('·');
    expect(two.watermark(4)).toBe('(a@3 W4)');
    expect(two.complete()).toBe('(b@9 W∞ |)');
    expect(two.stats()).toMatchObject({ in: 3, late: 1, out: 2 });
  });

  it('can be read, by the id of its operator', () => {
    const h = harness((in$) =>
      in$.pipe(dedupe({ id: 'once', key: (v: string) => v, within: 5 }), lastPerKey(byValue)),
    );
    h.push('a', 3);
    h.push('a', 4);
    expect(h.state('last').get('last')).toEqual({ w: -Infinity, held: [['a', 'a', 3]] });
    expect([h.stats('once').duplicate, h.stats('last').in]).toEqual([1, 1]);
    expect(h.members.map((m) => [m.id, m.operator])).toEqual([
      ['once', 'dedupe'],
      ['last', 'lastPerKey'],
    ]);
    expect(() => h.state()).toThrow("harness: which operator is meant; there is 'once', 'last'");
    expect(() => h.stats('x')).toThrow("harness: no operator 'x'; there is 'once', 'last'");
  });

  it('of an operator that has ended is its last', () => {
    const h = last();
    h.push('a', 3);
    h.complete();
    expect(h.state().get('last')).toEqual({ w: Infinity, held: [] });
  });

  it('is not read out of barriers: what a test sees has none', () => {
    const h = last();
    h.snapshot();
    expect([h.text(), h.barrier()]).toEqual(['·', 'barrier#2']);
  });

  it('is refused where it cannot be', () => {
    const bytes = last().snapshot();
    const begun = last();
    begun.push('a', 1);
    expect(() => begun.restore(bytes)).toThrow('state comes back at the start of a job');
    expect(() => last({ inJob: false }).restore(bytes)).toThrow('at the start of a job');
    const other = harness((in$) => in$.pipe(dedupe({ id: 'once', key: (v: string) => v })));
    expect(() => other.restore(bytes)).toThrow("harness: no operator takes the state of 'last'");
    const nameless = harness((in$) => in$.pipe(dedupe({ key: (v: string) => v })));
    expect(() => nameless.snapshot()).toThrow('harness: no operator has registered with an `id`');
    const half = harness((in$) => in$.pipe(dedupe({ key: (v: string) => v }), lastPerKey(byValue)));
    expect(() => half.snapshot()).toThrow('harness: dedupe needs an `id`, which names its state');
    const twice = harness((in$) => in$.pipe(lastPerKey(byValue), lastPerKey(byValue)));
    expect(() => twice.watermark(1)).toThrow("harness: two operators have the id 'last'");
  });

  it('is not taken while an operator that has registered is not reached by the barrier', () => {
    const scheduler = new ArrivalClock();
    const h = harness(
      (in$) =>
        in$.pipe(lastPerKey({ ...byValue, id: 'one' }), delay(5, scheduler), lastPerKey(byValue)),
      { scheduler },
    );
    h.push('a', 1);
    h.advance(9);
    expect(() => h.snapshot()).toThrow("harness: 'last' still holds the barrier back");
  });

  it('comes back in another order of its pieces, as out of a store', () => {
    const seen: string[][] = [];
    const pieces: Logic = {
      ...{ stats: newStats(), event() {}, advance() {}, waiting: () => 0 },
      save: () => new Map(Object.entries({ a: 1, b: 2 })),
      restore: (chunks) => void seen.push([...chunks.keys()]),
    };
    const build: Build = (in$) =>
      stageOperator([in$], { operator: 'pieces', id: 'pieces' }, () => pieces);
    harness(build).restore(harness(build).snapshot());
    expect(seen).toEqual([['shell', 'b', 'a']]);
  });

  it('must be plain data', () => {
    const h = last();
    h.push(new (class Thing {})() as never, 1);
    expect(() => h.snapshot()).toThrow('cannot write an instance of Thing');
  });
});

it('the example in the page of stageOperator is the operator that is tested here', () => {
  const page = readFileSync(join(__dirname, '../../../../lib/operate.ts'), 'utf8');
  const code = readFileSync(join(__dirname, 'lastPerKey.ts'), 'utf8');
  const example = code.slice(code.indexOf('type Held')).trimEnd();
  expect(page).toContain(example.replace(/^/gm, ' * ').replace(/ +$/gm, ''));
});

it('the newest of a key wins, of one instant the last', () => {
  const h = harness((in$) => in$.pipe(lastPerKey({ key: (v: string) => v.slice(0, 1) })));
  h.push('a1', 5);
  h.push('a2', 3);
  h.push('a3', 5);
  h.send(event('b1', 4));
  expect(h.watermark(5)).toBe('(b1@4 a3@5 W5)');
});
