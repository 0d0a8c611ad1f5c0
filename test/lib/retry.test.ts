/** What follows a connection fault: back-off, limits, the breaker. */
import { StoreError } from '../../lib/errors.js';
import { Retry, type RetryRule } from '../../lib/retry.js';
import { VirtualTime } from './virtualTime.js';

const rule: RetryRule = {
  attempts: Infinity,
  delayMs: 100,
  maxDelayMs: 1000,
  timeoutMs: 500,
  breaker: { after: Infinity, cooldownMs: 5000 },
};
const away = () => Promise.reject(new StoreError('connection', 'gone'));

/** Runs something that finds no connection for the first `faults` tries; gives when it was tried. */
async function tries(o: Partial<RetryRule>, faults: number, seed = 0) {
  const time = new VirtualTime(seed);
  const at: number[] = [];
  const states: string[] = [];
  const retry = new Retry({ ...rule, ...o }, time, ({ breaker }) => states.push(breaker));
  const done = retry.run(() => {
    at.push(time.now() - seed);
    return at.length > faults ? Promise.resolve('answer') : away();
  });
  const ended = done.catch((thrown: unknown) => thrown);
  await time.run();
  return { at, states, retry, answer: await ended };
}

it('waits for a time drawn from 0 up to a delay that doubles to its maximum', async () => {
  const gaps: number[][] = Array.from({ length: 8 }, () => []);
  for (let seed = 0; seed < 300; seed++) {
    const { at, answer } = await tries({}, 8, seed * 7919);
    expect(answer).toBe('answer');
    for (let i = 1; i < at.length; i++) gaps[i - 1]?.push((at[i] ?? 0) - (at[i - 1] ?? 0));
  }
  for (const [i, drawn] of gaps.entries()) {
    const longest = Math.min(100 * 2 ** i, 1000);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(longest);
    expect(Math.max(...drawn)).toBeGreaterThan(longest * 0.9);
    expect(Math.min(...drawn)).toBeLessThan(longest * 0.1);
  }
});

it('draws the same waits again in the same virtual time', async () => {
  expect((await tries({}, 5, 42)).at).toEqual((await tries({}, 5, 42)).at);
});

it('waits as long as the store asks for, where that is longer', async () => {
  const time = new VirtualTime(0);
  const retry = new Retry(rule, time);
  const at: number[] = [];
  const options = { retryAfterMs: 7000 };
  const done = retry.run(() => {
    at.push(time.now());
    return at.length > 2
      ? Promise.resolve()
      : Promise.reject(new StoreError('connection', 'busy', options));
  });
  await time.run();
  await done;
  expect(at).toEqual([0, 7000, 14_000]);
});

it('gives up after so many failures in a row, with the last error', async () => {
  const { at, answer } = await tries({ attempts: 3 }, 9);
  expect(at).toHaveLength(3);
  expect(answer).toMatchObject({ name: 'StoreError', kind: 'connection', message: 'gone' });
});

it('gives up when the store has been away for too long', async () => {
  const { at, answer } = await tries({ outageMs: 4000 }, 99);
  expect(answer).toMatchObject({ kind: 'connection' });
  expect(at.at(-1)).toBeGreaterThan(3000);
  expect(at.at(-1)).toBeLessThanOrEqual(4000);
});

/** When it gives up, and with what, where the store answers every try in this way. */
async function givesUp(o: Partial<RetryRule>, send: () => Promise<unknown>) {
  const time = new VirtualTime();
  const retry = new Retry({ ...rule, outageMs: 4000, ...o }, time);
  const ended = retry.run(send).catch((thrown: Error) => [time.now(), thrown.message]);
  await time.run();
  return ended;
}

it('gives up at the moment at which the outage is over, though the store asked for a longer wait', async () => {
  const busy = new StoreError('connection', 'busy', { retryAfterMs: 3_600_000 });
  expect(await givesUp({}, () => Promise.reject(busy))).toEqual([4000, 'busy']);
});

it('gives up at the moment at which the outage is over, though the breaker is open', async () => {
  const breaker = { after: 1, cooldownMs: 60_000 };
  expect(await givesUp({ breaker }, away)).toEqual([4000, 'gone']);
});

it('gives up at the moment at which the outage is over, though a try is under way', async () => {
  let tried = 0;
  const hangs = () => (++tried === 1 ? away() : new Promise(() => {}));
  const [at, message] = (await givesUp({ timeoutMs: 60_000 }, hangs)) as [number, string];
  expect(at).toBe(4000);
  expect(message).toMatch(/^the store gave no answer within 3\d{3} ms$/);
});

it('opens the breaker, sends nothing for its cooldown, and then one trial', async () => {
  const { at, states, retry } = await tries({ breaker: { after: 2, cooldownMs: 5000 } }, 4);
  expect(at.slice(2).map((t, i) => t - (at[i + 1] ?? 0))).toEqual([5000, 5000, 5000]);
  expect(states).toEqual([
    ...['closed', 'open', 'trial', 'open', 'trial', 'open', 'trial'],
    'closed',
  ]);
  expect(retry).toMatchObject({ breaker: 'closed', failures: 4, failure: undefined });
});

it('counts failures anew after an answer', async () => {
  const time = new VirtualTime();
  const retry = new Retry({ ...rule, attempts: 2 }, time);
  let tried = 0;
  const once = () => (++tried % 2 === 1 ? away() : Promise.resolve(tried));
  for (const answer of [2, 4, 6]) {
    const done = retry.run(once);
    await time.run();
    expect(await done).toBe(answer);
  }
});

it('sends again what was not answered in time, and does not wait for the late answer', async () => {
  const time = new VirtualTime();
  const retry = new Retry(rule, time);
  let late: (answer: string) => void = () => {};
  let tried = 0;
  const done = retry.run(() =>
    ++tried === 1 ? new Promise<string>((resolve) => (late = resolve)) : Promise.resolve('second'),
  );
  await time.run();
  late('first');
  expect(await done).toBe('second');
});

it('lets any other error through at once', async () => {
  const time = new VirtualTime();
  const retry = new Retry(rule, time);
  const refused = new StoreError('refused', 'no');
  await expect(retry.run(() => Promise.reject(refused))).rejects.toBe(refused);
  await expect(
    retry.run(() => {
      throw new TypeError('mine');
    }),
  ).rejects.toThrow('mine');
  expect(retry.failures).toBe(0);
});
