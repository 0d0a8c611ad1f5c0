/** Streams that are wrong in what they pass on, and when, with what is right. */
import {
  catchError,
  concat,
  delay,
  EMPTY,
  filter,
  identity,
  merge,
  mergeMap,
  NEVER,
  type Observable,
  of,
  Subject,
  take,
  tap,
} from 'rxjs';
import {
  count,
  type Element,
  type EventElement,
  event,
  eventTimeWindow,
  tumbling,
  union,
  watermark,
  watermarkAt,
} from 'tidemark';
import type { EventTimeTest } from 'tidemark/testing';
import { byHand, type Pipe } from './window.js';
import { type Mistake, mistake } from './windows.js';

type Stream = Observable<Element<any>>;

/* In one turn after the other, or deaf while it is busy. */
function turns(deaf: boolean): Pipe {
  return byHand<string>(() => {
    const waiting: Element<string>[] = [];
    let busy = false;
    return {
      next(e, emit) {
        if (busy && deaf) return;
        waiting.push(e);
        if (busy) return;
        busy = true;
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) emit(next);
        busy = false;
      },
    };
  });
}

/* Releases what W has passed, in event time or as it came. */
function released(sorted: boolean): Pipe {
  return byHand<string>(() => {
    let held: EventElement<string>[] = [];
    return {
      next(e, emit) {
        if (e.kind === 'event') return void held.push(e);
        const w = e.kind === 'watermark' ? e.timestamp : -Infinity;
        const due = held.filter((x) => x.timestamp <= w);
        held = held.filter((x) => x.timestamp > w);
        if (sorted) due.sort((a, b) => a.timestamp - b.timestamp);
        for (const x of [...due, e]) emit(x);
      },
    };
  });
}

/* Sessions that a quiet time of 5 parts; those that only touch are one, or not. */
function sessions(touching: boolean): Pipe {
  return byHand<string>(() => {
    let open: { from: number; to: number; n: number }[] = [];
    const meet = (a: number, b: number): boolean => (touching ? a <= b : a < b);
    return {
      next(e, emit) {
        if (e.kind === 'event') {
          const own = { from: e.timestamp, to: e.timestamp + 5, n: 1 };
          const met = open.filter((s) => meet(s.from, own.to) && meet(own.from, s.to));
          const all = [...met, own];
          open = open.filter((s) => !met.includes(s));
          const from = Math.min(...all.map((s) => s.from));
          const to = Math.max(...all.map((s) => s.to));
          open.push({ from, to, n: all.reduce((sum, s) => sum + s.n, 0) });
        } else if (e.kind === 'watermark') {
          for (const s of open) if (s.to - 1 <= e.timestamp) emit(event({ n: s.n }, s.to - 1));
          open = open.filter((s) => s.to - 1 > e.timestamp);
          emit(e);
        }
      },
    };
  });
}

/* Keeps what is behind W for the next W. */
const heldBack: Pipe = byHand<any>(() => {
  let w = -Infinity;
  let held: Element<any>[] = [];
  return {
    next(e, emit) {
      if (e.kind === 'event' && e.timestamp <= w) return void held.push(e);
      for (const x of held) emit(x);
      held = [];
      if (e.kind === 'watermark') w = e.timestamp;
      emit(e);
    },
  };
});

function long(t: EventTimeTest, pipe: Pipe): void {
  const script = Array.from({ length: 2000 }, (_, i) => `e${i}@${i}`).join(' ');
  t.expectStream(t.stream(script).pipe(pipe)).toBe(script);
}

function crowd(t: EventTimeTest, pipe: Pipe): void {
  const all = Array.from({ length: 100 }, (_, i) => `k${i}@4`).join(' ');
  t.expectStream(t.stream(`a@1 (${all} W4) |`).pipe(pipe)).toBe(`a@1 (${all} W4) |`);
}

const without = (value: string): Pipe => filter((e) => e.kind !== 'event' || e.value !== value);

export const flowMistakes: readonly Mistake[] = [
  mistake(
    'an error that is swallowed',
    { right: identity as Pipe, wrong: catchError(() => EMPTY) as Pipe },
    (t, pipe) => t.expectStream(t.stream('a@1 b@2 #').pipe(pipe)).toBe('a@1 b@2 #'),
  ),
  mistake(
    'a stream that never completes',
    { right: identity as Pipe, wrong: ((in$: Stream) => concat(in$, NEVER)) as Pipe },
    (t, pipe) => t.expectStream(t.stream('a@1 W1 |').pipe(pipe)).toBe('a@1 W1 |'),
  ),
  mistake(
    'a stream that completes too early',
    { right: identity as Pipe, wrong: take(2) as Pipe },
    (t, pipe) => t.expectStream(t.stream('a@1 W1 b@2 W2 |').pipe(pipe)).toBe('a@1 W1 b@2 W2 |'),
  ),
  mistake(
    'everything a frame too late',
    { right: identity as Pipe, wrong: delay(1) as Pipe },
    (t, pipe) => t.expectStream(t.stream('a@1 W1 · b@2 W2').pipe(pipe)).toBe('a@1 W1 · b@2 W2'),
  ),
  mistake(
    'an event that is lost while another is on its way',
    { right: turns(false), wrong: turns(true) },
    (t, pipe) => {
      const back = new Subject<Element<string>>();
      const out$ = (merge(t.stream('a@1 c@3'), back) as Stream).pipe(
        pipe,
        tap((e: any) => e.value === 'a' && back.next(event('b', 2))),
      );
      t.expectStream(out$).toBe('(a@1 b@2) c@3');
    },
  ),
  mistake(
    'a barrier that overtakes an event',
    {
      right: delay(2) as Pipe,
      wrong: mergeMap((e) => (e.kind === 'event' ? of(e).pipe(delay(2)) : of(e))),
    },
    (t, pipe) => t.expectStream(t.stream('a@1 barrier b@2').pipe(pipe)).toBe('· · a@1 barrier b@2'),
  ),
  mistake(
    'a watermark that overtakes its event',
    {
      right: delay(2) as Pipe,
      wrong: mergeMap((e) => (e.kind === 'event' ? of(e).pipe(delay(2)) : of(e))),
    },
    (t, pipe) => t.expectStream(t.stream('a@1 W1 b@2').pipe(pipe)).toBe('· · a@1 W1 b@2'),
  ),
  mistake(
    'a watermark that goes back',
    {
      right: (a$: Stream, b$: Stream) => union(a$, b$),
      wrong: (a$: Stream, b$: Stream) => merge(a$, b$),
    },
    (t, both) => {
      const [a$, b$] = [t.stream('W5 · a@9 W9 |'), t.stream('· W3 · · |')];
      t.expectStream(both(a$, b$)).toBe('· W3 a@9 · (W∞ |)');
    },
  ),
  mistake(
    'a watermark of the last event, not of the latest',
    {
      right: (in$: Observable<number>): Stream =>
        in$.pipe(watermark({ timestamp: (v) => v, outOfOrderness: 2 })),
      wrong: (in$: Observable<number>): Stream =>
        in$.pipe(mergeMap((v) => [event(v, v), watermarkAt(v - 3)])),
    },
    (t, pipe) => {
      const values = { a: 5, b: 8, c: 6, d: 9 };
      t.expectStream(pipe(t.source('a b c d', values))).toBe('(a@5 W2) (b@8 W5) c@6 (d@9 W6)');
    },
  ),
  mistake(
    'a release that is not sorted',
    { right: released(true), wrong: released(false) },
    (t, pipe) =>
      t.expectStream(t.stream('a@3 b@1 c@2 W3').pipe(pipe)).toBe('· · · (b@1 c@2 a@3 W3)'),
  ),
  mistake(
    'sessions that touch and are not merged',
    { right: sessions(true), wrong: sessions(false) },
    (t, pipe) =>
      t.expectStream(t.stream('a@1 b@6 W5 W10').pipe(pipe)).toBe('· · W5 (x@10 W10)', {
        x: { n: 2 },
      }),
  ),
  mistake(
    'a late pane that waits for the next watermark',
    {
      right: (in$: Stream) => in$,
      wrong: (in$: Stream) => in$.pipe(heldBack) as Stream,
    },
    (t, after) => {
      const window = eventTimeWindow({
        window: tumbling(5),
        aggregate: { n: count() },
        allowedLateness: 10,
      });
      const out$ = after(t.stream('a@1 W4 b@2 · W9 |').pipe(window));
      t.expectStream(out$).toBe('· (x@4 W4) y@4 · W9 (W∞ |)', {
        x: { n: 1 },
        y: { pane: { timing: 'late', index: 1 }, value: { n: 2 } },
      });
    },
  ),
  mistake('one event of two thousand', { right: identity as Pipe, wrong: without('e1234') }, long),
  mistake('one result of a hundred', { right: identity as Pipe, wrong: without('k57') }, crowd),
];
