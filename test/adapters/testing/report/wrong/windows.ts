/** Windows that are wrong in one rule each, with what is right. */
import type { EventTimeTest } from 'tidemark/testing';
import { counting, type Pipe, type Rules } from './window.js';

/** One mistake: `body` must hold for the right operator, and fail for the wrong one. */
export interface Mistake {
  readonly name: string;
  readonly right: (t: EventTimeTest) => void;
  readonly wrong: (t: EventTimeTest) => void;
  readonly epoch?: string;
}

/** A mistake in an operator: the same test of both. */
export function mistake<P>(
  name: string,
  operators: { readonly right: P; readonly wrong: P },
  body: (t: EventTimeTest, operator: P) => void,
): Mistake {
  const { right, wrong } = operators;
  return { name, right: (t) => body(t, right), wrong: (t) => body(t, wrong) };
}

type Making = (broken?: Partial<Rules>) => Pipe<string>;

/* A counting window, and one in which some rules are broken. */
function broken(
  rules: Partial<Rules>,
  base: Partial<Rules> = {},
): { right: Making; wrong: Making } {
  return {
    right: (more) => counting({ ...base, ...more }),
    wrong: (more) => counting({ ...base, ...more, ...rules }),
  };
}

const one = { n: 1 };
const two = { n: 2 };

function plain(t: EventTimeTest, window: Making): void {
  const in$ = t.stream('a@1 b@4 c@5 W4 d@9 W9 |');
  t.expectStream(in$.pipe(window())).toBe('· · · (x@4 W4) · (y@9 W9) (W∞ |)', { x: two, y: two });
}

function withLate(t: EventTimeTest, window: Making): void {
  const late = t.door('late');
  const in$ = t.stream('a@1 b@7 W4 c@4 W9 |');
  t.expectStream(in$.pipe(window({ late }))).toBe('· · (x@4 W4) · (y@9 W9) (W∞ |)', {
    x: one,
    y: one,
  });
  late.toBe('· · · c@4');
}

const sliding = {
  size: 10,
  endsOf: (t: number) => [Math.floor(t / 5) * 5 + 5, Math.floor(t / 5) * 5 + 10],
};

export const windowMistakes: readonly Mistake[] = [
  mistake(
    'a window that contains its end',
    broken({ endsOf: (t) => [Math.ceil(t / 5) * 5] }),
    (t, window) => {
      const in$ = t.stream('a@1 b@4 c@5 W4 d@9 W9 |');
      t.expectStream(in$.pipe(window())).toBe('· · · (x@4 W4) · (y@9 W9) (W∞ |)', {
        x: two,
        y: two,
      });
    },
  ),
  mistake(
    'a window that fires one millisecond too late',
    broken({ fires: (end, w) => w >= end }),
    plain,
  ),
  mistake('a watermark before the results', broken({ release: (r, w) => [w, ...r] }), plain),
  mistake(
    'a result with the end of its window as event time',
    broken({ stamp: (end) => end }),
    plain,
  ),
  mistake('a watermark that is not forwarded', broken({ release: (results) => results }), plain),
  mistake('an event taken that is late', broken({ isLate: (end, w) => end - 1 < w }), withLate),
  mistake('a late event that nobody is told of', broken({ late: () => {} }), withLate),
  mistake('a window that fires twice', broken({ fired: () => {} }), withLate),
  mistake(
    'arrival time for event time',
    broken({ timeOf: (e) => arrivals.get(e.timestamp) ?? 0 }),
    (t, window) => {
      const in$ = t.stream('a@1 b@8 c@2 d@3 W4 5ms e@9 W9 |');
      t.expectStream(in$.pipe(window())).toBe('4ms (x@4 W4) 6ms (y@9 W9) (W∞ |)', {
        x: { n: 3 },
        y: two,
      });
    },
  ),
  mistake(
    'a remainder for a modulo below zero',
    broken({ endsOf: (t) => [t - (t % 5) + 5] }),
    (t, window) => {
      const in$ = t.stream('a@-7 b@-1 W-1 c@2 |');
      t.expectStream(in$.pipe(window())).toBe('· · (x@-6 x@-1 W-1) · (x@4 W∞ |)', { x: one });
    },
  ),
  mistake(
    'an offset that is ignored',
    broken(
      { endsOf: (t) => [Math.floor(t / 5) * 5 + 5] },
      { endsOf: (t) => [Math.floor((t - 2) / 5) * 5 + 7] },
    ),
    (t, window) => {
      const in$ = t.stream('a@1 b@6 c@7 W6 W11 |');
      t.expectStream(in$.pipe(window())).toBe('· · · (x@1 x@6 W6) (x@11 W11) (W∞ |)', { x: one });
    },
  ),
  mistake(
    'keys 1 and "1" taken for one',
    broken({ hash: String }, { keyOf: (v) => (v === 'a' ? 1 : '1') }),
    (t, window) => {
      const in$ = t.stream('a@1 b@2 W4 |');
      t.expectStream(in$.pipe(window())).toBe('· · (x@4 y@4 W4) (W∞ |)', {
        x: { key: 1, value: one },
        y: { key: '1', value: one },
      });
    },
  ),
  mistake(
    'a result that changes after it left',
    broken(
      { valueOf: (open) => open.value, fired: () => {} },
      { fired: () => {}, isLate: () => false },
    ),
    (t, window) => {
      const in$ = t.stream('a@1 W4 b@2 W6 |');
      t.expectStream(in$.pipe(window())).toBe('· (x@4 W4) · (y@4 W6) (y@4 W∞ |)', {
        x: one,
        y: two,
      });
    },
  ),
  mistake(
    'a pane index that stays 0',
    broken({ indexOf: () => 0 }, { fired: () => {}, isLate: () => false }),
    (t, window) => {
      const in$ = t.stream('a@1 W4 b@2 W6');
      t.expectStream(in$.pipe(window())).toBe('· (x@4 W4) · (y@4 W6)', {
        x: { pane: { index: 0 }, value: one },
        y: { pane: { index: 1 }, value: two },
      });
    },
  ),
  mistake(
    'a sliding window that misses an event',
    broken({ endsOf: (t) => [Math.floor(t / 5) * 5 + 5] }, sliding),
    (t, window) => {
      const in$ = t.stream('a@1 b@6 W4 W9 W14');
      t.expectStream(in$.pipe(window())).toBe('· · (x@4 W4) (y@9 W9) (x@14 W14)', {
        x: one,
        y: two,
      });
    },
  ),
  mistake('an idle status that is swallowed', broken({ status: false }), (t, window) => {
    const in$ = t.stream('a@1 W4 idle 1m active b@7 W9 |');
    t.expectStream(in$.pipe(window())).toBe('· (x@4 W4) idle 1m active · (x@9 W9) (W∞ |)', {
      x: one,
    });
  }),
  mistake('a completion that flushes nothing', broken({ flush: () => {} }), (t, window) => {
    const in$ = t.stream('a@1 b@2 W3 |');
    t.expectStream(in$.pipe(window())).toBe('· · W3 (x@4 W∞ |)', { x: two });
  }),
];

const arrivals = new Map([
  [1, 0],
  [8, 1],
  [2, 2],
  [3, 3],
  [9, 10],
]);
