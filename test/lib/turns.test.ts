/** Work in slices: what a turn does, and what nobody sees half done. */
import { atOnce, inTurns, OneAtATime, type Sliced, slices } from '../../lib/turns.js';

function* work(log: string[], name: string, steps: number): Sliced<string> {
  for (let i = 1; i <= steps; i++) {
    if (i > 1) yield;
    log.push(`${name}${i}`);
  }
  return name;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('slices are of the size or less, and give all in order', () => {
  expect([...slices([1, 2, 3, 4, 5], 2)]).toEqual([[1, 2], [3, 4], [5]]);
  expect([...slices([], 2)]).toEqual([[]]);
});

test('at once is in this turn; in turns the first slice is, and each other has one of its own', async () => {
  const log: string[] = [];
  expect(atOnce(work(log, 'a', 3))).toBe('a');
  expect(log).toEqual(['a1', 'a2', 'a3']);
  let turns = 0;
  const done = inTurns(work(log, 'b', 3), async () => {
    turns++;
    await turn();
  });
  expect(log.slice(3)).toEqual(['b1']);
  expect(await done).toBe('b');
  expect(turns).toBe(2);
});

test('work of one turn is done in this one, where nothing is under way', () => {
  const log: string[] = [];
  const queue = new OneAtATime(turn);
  void queue.run(() => work(log, 'a', 1));
  void queue.run(() => work(log, 'b', 1));
  expect(log).toEqual(['a1', 'b1']);
});

test('what comes while work is under way waits until it is whole, in order, also after a failure', async () => {
  const log: string[] = [];
  const queue = new OneAtATime(turn);
  const failing = queue.run(function* (): Sliced<void> {
    yield* work(log, 'a', 2);
    throw new Error('no');
  });
  const all = [failing.catch(() => 'failed')];
  all.push(queue.run(() => work(log, 'b', 3)));
  all.push(queue.alone(() => log.push('c').toString()).then(() => 'c'));
  await turn();
  all.push(queue.run(() => work(log, 'd', 1)));
  expect(await Promise.all(all)).toEqual(['failed', 'b', 'c', 'd']);
  expect(log).toEqual(['a1', 'a2', 'b1', 'b2', 'b3', 'c', 'd1']);
  await turn();
  void queue.run(() => work(log, 'e', 1));
  expect(log.at(-1)).toBe('e1');
});

test('work that throws in its first turn holds nobody up', async () => {
  const log: string[] = [];
  const queue = new OneAtATime(turn);
  const thrown = queue.alone(() => {
    throw new Error('no');
  });
  void queue.run(() => work(log, 'a', 1));
  expect(log).toEqual(['a1']);
  await expect(thrown).rejects.toThrow('no');
});
