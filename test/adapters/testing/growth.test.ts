/** Long tests take steps in proportion to their length: counted, not timed. */
import './steps.js';
import { delay, map, mergeMap, of, type Subscription } from 'rxjs';
import { tumbling } from 'tidemark';
import {
  disorder,
  eventTimeTest,
  eventTimeTestAsync,
  fixture,
  MarbleSyntaxError,
  marbleSerializer,
  marbles,
  type Script,
  script,
} from 'tidemark/testing';
import { differenceOf, type Result } from '../../../adapters/testing/fast-check/outcome.js';
import { MarbleScheduler } from '../../../adapters/testing/run/scheduler.js';
import { growth } from './steps.js';

/* For four times as much: four times the steps, 4.7 times where all of them go through a heap, 16
   where each meets each. The rest is what the counters lose. */
const LINEAR = 5;
const BY_HEAP = 6;

const letters = (n: number): string[] => Array.from({ length: n }, (_, i) => `v${i}`);
const few = 2500;

describe('10,000 elements', () => {
  it('are parsed, run and compared', async () => {
    const run = (n: number): void => {
      const text = letters(n).map((v, i) => `${v}@${(i * 7) % 1000}`);
      eventTimeTest(({ stream, expectStream }) => {
        expectStream(stream(`${text.join(' ')} |`)).toBe(`${text.join(' ')} |`);
      })();
    };
    expect(await growth(few, run)).toBeLessThan(LINEAR);
  });
  it('wait all in one delay', async () => {
    const run = (n: number): void => {
      const all = letters(n).join(' ');
      eventTimeTest(({ source, expectStream }) => {
        expectStream(source(`(${all}) |`).pipe(delay(60_000))).toBe(`1m (${all} |)`);
      })();
    };
    expect(await growth(few, run)).toBeLessThan(BY_HEAP);
  });
  it('have a timer each', async () => {
    const run = (n: number): void => {
      eventTimeTest(({ source, record, flush }) => {
        const in$ = source(`${letters(n).join(' ')} |`).pipe(
          mergeMap((v, i) => of(v).pipe(delay(n + ((i * 7919) % n)))),
          map((v) => v.length),
        );
        const out = record(in$);
        flush();
        expect(out.messages).toHaveLength(n + 1);
      })();
    };
    expect(await growth(few, run)).toBeLessThan(BY_HEAP);
  });
  it('have a promise each', async () => {
    const run = (n: number): Promise<void> =>
      eventTimeTestAsync(({ source, expectStream }) => {
        const all = letters(n).join(' ');
        expectStream(source(all).pipe(mergeMap(async (v) => v))).toBe(all);
      })();
    expect(await growth(few, run)).toBeLessThan(LINEAR);
  });
});

describe('10,000 actions of the scheduler', () => {
  it('are pending', async () => {
    const run = (n: number): void => {
      const scheduler = new MarbleScheduler();
      let ran = 0;
      for (let i = 0; i < n; i++) scheduler.schedule(() => ran++, (i * 7919) % n);
      scheduler.flush();
      expect(ran).toBe(n);
    };
    expect(await growth(few, run)).toBeLessThan(BY_HEAP);
  });
  it.each<[string, (all: Subscription[]) => Subscription[]]>([
    ['in order', (all) => all],
    ['in reverse', (all) => all.reverse()],
  ])('are cancelled %s', async (_, order) => {
    const run = (n: number): void => {
      const scheduler = new MarbleScheduler();
      const all = Array.from({ length: n }, (_, i) => scheduler.schedule(() => {}, i + 1));
      for (const action of order(all)) action.unsubscribe();
      scheduler.flush();
      expect(scheduler.frame).toBe(0);
    };
    expect(await growth(few, run)).toBeLessThan(BY_HEAP);
  });
});

describe('the notation reads', () => {
  it('10,000 tokens', async () => {
    const run = (n: number): void => {
      const text = letters(n).map((v, i) => `${v}@${i}`);
      expect(marbles(text.join(' ')).messages).toHaveLength(n);
    };
    expect(await growth(few, run)).toBeLessThan(LINEAR);
  });
  it('10,000 letters on the event axis', async () => {
    const run = (n: number): void => {
      const text = `arrival ${letters(n).join(' ')}\nevent ${letters(n).reverse().join(' ')}`;
      expect(marbles(text).messages).toHaveLength(n);
    };
    expect(await growth(few, run)).toBeLessThan(LINEAR);
  });
  it('one long chunk of dashes', async () => {
    const run = (n: number): void => {
      expect(marbles('-a'.repeat(n)).messages).toHaveLength(n);
    };
    expect(await growth(few, run)).toBeLessThan(LINEAR);
  });
  it('one long chunk that ends in an error', () => {
    expect(() => marbles(`${'-a'.repeat(50_000)}@?`)).toThrow(MarbleSyntaxError);
  });
});

/** A script of events with a value, and so a letter, each. */
function disordered(n: number): Script<unknown> {
  let s = script() as Script<unknown>;
  for (let i = 0; i < n; i++) {
    s = s.event('a', { at: i * 1000 - (i % 5 === 4 ? (i % 7) * 2000 : 0), value: { i } });
  }
  return s;
}

function readsBack(back: Script<unknown>, made: Script<unknown>): void {
  expect(back.messages).toHaveLength(made.messages.length);
  expect(back.messages.at(-1)).toMatchObject({ value: { i: made.messages.length - 1 } });
}

const drawn = { outOfOrderness: '3s', windows: tumbling('20s') } as const;

describe('2,000 events that need a letter each', () => {
  it.each<[string, (s: Script<unknown>, n: number) => void]>([
    ['are written step by step', (s, n) => expect(s.messages).toHaveLength(n)],
    ['are printed in a line and read', (s) => readsBack(marbles(s.toMarbles(), s.values), s)],
    ['are printed as lanes and read', (s) => readsBack(marbles(s.toLanes(), s.values), s)],
    ['are printed as JSON lines and read', (s) => readsBack(fixture(s.toJsonLines()), s)],
    ['are printed as steps', (s, n) => expect(s.toBuilder().length).toBeGreaterThan(40 * n)],
    ['are drawn', (s, n) => expect(s.toSvg(drawn).length).toBeGreaterThan(10 * n)],
    ['are drawn as text', (s) => expect(s.toText(drawn)).toContain('on time')],
    [
      'are kept and printed for a snapshot',
      (s, n) => {
        eventTimeTest(({ stream, record, flush }) => {
          const out = record(stream(marbles(s.toMarbles(), s.values)));
          flush();
          expect(marbleSerializer.serialize(out)).toContain(`{ i: ${n - 1} }`);
        })();
      },
    ],
    [
      'are compared up to a difference at the end',
      (s) => {
        const test = eventTimeTest(({ stream, expectStream }) => {
          expectStream(stream(s)).toBe(s.event('b', { at: 0 }));
        });
        expect(test).toThrow(/b@0/);
      },
    ],
  ])('%s', async (_, work) => {
    const run = (n: number): void => work(disordered(n), n);
    expect(await growth(500, run)).toBeLessThan(LINEAR);
  });
});

it('10,000 events are put out of order', async () => {
  const run = (n: number): void => {
    const events = Array.from({ length: n }, (_, i) => ({ timestamp: i }));
    const shares = { lateRatio: 0.1, duplicateRatio: 0.1 };
    expect(disorder(events, { maxDelay: 500, ...shares, seed: 1 })).toHaveLength(1.1 * n);
  };
  expect(await growth(few, run)).toBeLessThan(BY_HEAP);
});
it('10,000 results in another order are compared', async () => {
  const run = (n: number): void => {
    const results = Array.from({ length: n }, (_, i): Result => ({ from: 'output', value: { i } }));
    expect(differenceOf(results, results.toReversed(), {})).toBeUndefined();
  };
  expect(await growth(few, run)).toBeLessThan(LINEAR);
});
