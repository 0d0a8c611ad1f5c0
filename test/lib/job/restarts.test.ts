/** Restarts: how long a failed job waits, and when it gives up. */
import { StoreError } from '../../../lib/errors.js';
import {
  type Failure,
  type RestartSettings,
  Restarts,
  restartSettings,
} from '../../../lib/job/restarts.js';

const settings: RestartSettings = {
  ...{ attempts: 3, delayMs: 100, maxDelayMs: 1000, outageMs: 5000, outlasts: true },
};
const boom = new Error('boom');
const away = new StoreError('connection', 'the store is away');
const at = (position: unknown, o: Partial<Failure> = {}): Failure => ({
  thrown: boom,
  n: 1,
  positions: [['events', position]],
  event: undefined,
  now: 0,
  ...o,
});

/** The waits, or the message of the end. */
function told(failures: readonly Failure[], o: Partial<RestartSettings> = {}): unknown[] {
  const restarts = new Restarts('j', { ...settings, ...o });
  return failures.map((failure) => {
    const verdict = restarts.judge(failure);
    return 'error' in verdict ? (verdict.error as Error).message : verdict.afterMs;
  });
}

it('waits twice as long each time, up to a limit, and starts over after a checkpoint', () => {
  const failures = [1, 2, 3, 4, 5, 6].map((position) => at(position));
  expect(told(failures)).toEqual([100, 200, 400, 800, 1000, 1000]);
  expect(told([at(1), at(2), at(3, { n: 2 }), at(4, { n: 2 })])).toEqual([100, 200, 100, 200]);
});

it('gives up at one position after so many failures, and names it', () => {
  const end = 'job "j": it has failed 3 times at one position ("events" at 7): boom';
  expect(told([at(7), at(7), at(7)])).toEqual([100, 200, end]);
  expect(told([at(7), at(7, { n: 2 }), at(7, { n: 3 })])).toEqual([100, 100, end]);
  expect(told([at(7), at(8), at(7), at(7), at(7)])).toEqual([100, 200, 400, 800, end]);
});

it('keeps what was thrown as the cause, and throws it as it is where there is one attempt', () => {
  const restarts = new Restarts('j', { ...settings, attempts: 2 });
  restarts.judge(at(1));
  expect((restarts.judge(at(1)) as { error: Error }).error.cause).toBe(boom);
  expect(new Restarts('j', { ...settings, attempts: 1 }).judge(at(1))).toEqual({
    error: boom,
    stuck: true,
  });
});

it('does not hold it against a position that the store is away, for as long as an outage may take', () => {
  const failures = [0, 1000, 2000, 3000, 4999, 5000].map((now) => at(7, { thrown: away, now }));
  // the wait after 4999 ms ends with the outage
  expect(told(failures)).toEqual([100, 200, 400, 800, 1, 'the store is away']);
  const mixed = [...failures.slice(0, 4), at(7), at(7)];
  expect(told(mixed).at(-1)).toBe(1000);
  const later = at(7, { thrown: away, now: 9000, n: 2 });
  expect(told([...failures.slice(0, 5), later])).toEqual([100, 200, 400, 800, 1, 100]);
});

it('waits for a store with one attempt, too, where an outage is given, and not otherwise', () => {
  const failures = [0, 1000].map((now) => at(7, { thrown: away, now }));
  const given = restartSettings({ attempts: 1, delay: 100, outage: 1000 });
  expect(told(failures, given)).toEqual([100, 'the store is away']);
  expect(told([at(7)], given)).toEqual(['boom']);
  expect(told(failures.slice(0, 1), restartSettings({ attempts: 1 }))).toEqual([
    'the store is away',
  ]);
});

it.each(['FencedError', 'JobError', 'SettingsError', 'CodecError', 'SplitError'])(
  'does not try again what another run would say, too: %s',
  (name) => {
    const thrown = Object.assign(new Error('no'), { name });
    expect(told([at(1, { thrown })])).toEqual(['no']);
  },
);

it('counts failures at one event, wherever its sources stand by then', () => {
  const restarts = new Restarts('j', settings);
  const event = 'events p0 = bad';
  expect(restarts.judge(at(1, { event }))).toHaveProperty('afterMs');
  expect(restarts.judge(at(2, { event }))).toHaveProperty('afterMs');
  expect(restarts.judge(at(3, { event }))).toMatchObject({ stuck: true });
  const others = new Restarts('j', settings);
  for (const other of ['a', 'b', 'c', 'd']) {
    expect(others.judge(at(1, { event: other }))).toHaveProperty('afterMs');
  }
});
