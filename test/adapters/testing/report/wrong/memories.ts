/** Repeats and joins that are wrong in one rule each, with what is right. */
import { merge, type Observable } from 'rxjs';
import {
  dedupe,
  type Element,
  type EventElement,
  type EventStream,
  event,
  intervalJoin,
  watermarkAt,
} from 'tidemark';
import type { EventTimeTest } from 'tidemark/testing';
import { byHand, type Pipe } from './window.js';
import { type Mistake, mistake } from './windows.js';

interface Forgetting<T> {
  keyOf(value: T): unknown;
  forgets(first: number, w: number): boolean;
}

/* Remembers each key until `forgets` says so. */
function once<T>({ keyOf, forgets }: Forgetting<T>): Pipe<T> {
  return byHand<T>(() => {
    const firsts = new Map<unknown, number>();
    return {
      next(e, emit) {
        if (e.kind === 'watermark') {
          for (const [key, t] of firsts) if (forgets(t, e.timestamp)) firsts.delete(key);
        }
        if (e.kind !== 'event') return emit(e);
        const key = keyOf(e.value);
        if (firsts.has(key)) return;
        firsts.set(key, e.timestamp);
        emit(e);
      },
      end: (emit) => emit(watermarkAt(Infinity)),
    };
  });
}

function within4(t: EventTimeTest, op: Pipe<any>): void {
  const in$ = t.stream('a@1 W3 a@4 W4 a@5 W5 a@6 |');
  t.expectStream(in$.pipe(op)).toBe('a@1 W3 · W4 · W5 a@6 (W∞ |)');
}

type Join = (left: EventStream<string>, right: EventStream<string>) => Observable<unknown>;

const asIs = { leftKey: () => 'k', rightKey: () => 'k' };

function joined(type: 'inner' | 'left', bounds?: '()'): Join {
  const config = { ...asIs, lower: 0, upper: 5, type, ...(bounds && { bounds }) };
  return (left, right) => left.pipe(intervalJoin(right, config));
}

/* Pairs, and a row without partner as soon as its left side comes, whether or not a match follows. */
const hasty: Join = (left, right) => {
  const lefts: EventElement<string>[] = [];
  const both = merge(left, right) as Observable<Element<string>>;
  return both.pipe(
    byHand<string>(() => ({
      next(e, emit) {
        if (e.kind === 'event' && e.value.startsWith('l')) {
          lefts.push(e);
          emit(event({ left: e.value, right: undefined }, e.timestamp));
        } else if (e.kind === 'event') {
          for (const l of lefts) emit(event({ left: l.value, right: e.value }, e.timestamp));
        }
      },
      end: (emit) => emit(watermarkAt(Infinity)),
    })),
  );
};

const within = 4;
const right = dedupe<string>({ key: (v) => v, within }) as Pipe<any>;
const forgets = (first: number, w: number): boolean => w >= first + within;

export const memoryMistakes: readonly Mistake[] = [
  mistake(
    'a repeat that is let through, its key being an object',
    {
      right: dedupe<{ id: number }>({ key: (v) => v.id, within }) as Pipe<any>,
      wrong: once<{ id: number }>({ keyOf: (v) => v, forgets }) as Pipe<any>,
    },
    (t, op) => {
      const in$ = t.stream('a@1 b@2 a2@1 W1 |', { a: { id: 1 }, b: { id: 2 }, a2: { id: 1 } });
      t.expectStream(in$.pipe(op)).toBe('a@1 b@2 · W1 (W∞ |)');
    },
  ),
  mistake(
    'a key that is forgotten too early',
    { right, wrong: once<string>({ keyOf: (v) => v, forgets: (first, w) => w >= first }) },
    within4,
  ),
  mistake(
    'a key that is forgotten too late',
    { right, wrong: once<string>({ keyOf: (v) => v, forgets: (first, w) => w > first + within }) },
    within4,
  ),
  mistake(
    'a join whose bound is exclusive',
    { right: joined('inner'), wrong: joined('inner', '()') },
    (t, join) => {
      const left$ = t.stream('l1@0 · · W9 |');
      const right$ = t.stream('· r1@4 r2@5 W9 |');
      t.expectStream(join(left$, right$)).toBe('· x@4 y@5 W9 (W∞ |)', {
        x: { left: 'l1', right: 'r1' },
        y: { left: 'l1', right: 'r2' },
      });
    },
  ),
  mistake('an outer row beside its match', { right: joined('left'), wrong: hasty }, (t, join) => {
    const left$ = t.stream('l1@0 · l2@9 · |');
    const right$ = t.stream('· r1@4 · · |');
    t.expectStream(join(left$, right$)).toBe('· x@4 · · (y@9 W∞ |)', {
      x: { left: 'l1', right: 'r1' },
      y: { left: 'l2', right: undefined },
    });
  }),
];
