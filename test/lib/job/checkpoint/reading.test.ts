/** Reading of captured state: so much a turn, nothing changes meanwhile, and it ends whatever comes. */
import type { Data } from '../../../../lib/chunks.js';
import { Reading } from '../../../../lib/job/checkpoint/reading.js';
import { Page } from '../../../../lib/page.js';

function setup() {
  const turns: (() => void)[] = [];
  const log: string[] = [];
  const reading = new Reading({
    later: (fn) => turns.push(fn),
    done: () => log.push('done'),
    failed: (thrown) => log.push((thrown as Error).message),
  });
  let read = 0;
  const page = (rows = 1000) =>
    new Page(rows, () => {
      read++;
      return Array.from({ length: rows }, (_, i) => i);
    });
  const pages = (count: number, rows?: number) =>
    new Map<string, Data>(Array.from({ length: count }, (_, i) => [`p ${i}`, page(rows)]));
  const turn = () => turns.shift()?.();
  const took = () => {
    const before = read;
    read = 0;
    return before;
  };
  return { reading, turns, turn, log, pages, took };
}

it('small state is read in the very turn, and nobody is told', () => {
  const { reading, turns, log, pages, took } = setup();
  reading.take('a', pages(2));
  expect(reading.busy).toBe(true);
  reading.read();
  expect([took(), reading.busy, turns.length, log]).toEqual([2, false, 0, []]);
});

it('a million rows are read 2,000 a turn', () => {
  const { reading, turn, log, pages, took } = setup();
  reading.take('a', pages(1000));
  reading.read();
  expect(took()).toBe(2);
  for (let n = 1; n < 500; n++) {
    expect([reading.busy, log]).toEqual([true, []]);
    turn();
    expect(took()).toBe(2);
  }
  expect([reading.busy, log]).toEqual([false, ['done']]);
});

it('a quarter of a megabyte fills a turn, however few rows that is', () => {
  const { reading, turn } = setup();
  let read = 0;
  const long = () => {
    read++;
    return 'x'.repeat(150_000);
  };
  reading.take('a', new Map([1, 2, 3, 4, 5].map((n) => [`p ${n}`, new Page(1, long)])));
  reading.read();
  expect(read).toBe(2);
  turn();
  expect([read, reading.busy]).toEqual([4, true]);
  turn();
  expect([read, reading.busy]).toEqual([5, false]);
});

it('a page that was read for another capture is not read again', () => {
  const { reading, pages, took } = setup();
  const chunks = pages(2);
  reading.take('a', chunks);
  reading.read();
  reading.take('a', chunks);
  reading.read();
  expect(took()).toBe(2);
});

it('what would change state waits until all is read, in order', () => {
  const { reading, turn, log, pages } = setup();
  reading.take('a', pages(3));
  reading.read();
  reading.whenRead(() => log.push('one'));
  reading.whenRead(() => log.push('two'));
  expect(log).toEqual([]);
  turn();
  expect(log).toEqual(['done', 'one', 'two']);
  reading.whenRead(() => log.push('at once'));
  expect(log.at(-1)).toBe('at once');
});

it('what waits goes on waiting where one of those before it begins a new capture', () => {
  const { reading, turn, log, pages } = setup();
  reading.take('a', pages(3));
  reading.read();
  reading.whenRead(() => {
    reading.take('a', pages(3));
    reading.read();
  });
  reading.whenRead(() => log.push('two'));
  turn();
  expect(log).toEqual(['done']);
  turn();
  expect(log).toEqual(['done', 'done', 'two']);
});

it('a timer that falls due meanwhile waits, and can still be cancelled', () => {
  const { reading, turn, log, pages } = setup();
  const due: (() => void)[] = [];
  const after = (_: number, fn: () => void) => {
    due.push(fn);
    return () => {};
  };
  const runtime = { now: () => 0, after };
  reading.timer(runtime, 5, () => log.push('rings'));
  const cancel = reading.timer(runtime, 5, () => log.push('never'));
  reading.take('a', pages(3));
  reading.read();
  for (const fn of due) fn();
  cancel();
  turn();
  expect(log).toEqual(['done', 'rings']);
});

it('a run that is over reads nothing and calls nobody', () => {
  const { reading, turn, log, pages, took } = setup();
  reading.take('a', pages(3));
  reading.read();
  reading.whenRead(() => log.push('never'));
  took();
  reading.end();
  turn();
  expect([took(), log]).toEqual([0, []]);
});

it('state that cannot be written is named, whether at once or later', () => {
  const { reading, turn, log } = setup();
  const bad = { f: () => 0 };
  expect(() => reading.take('clicks', new Map([['x', bad]]))).toThrow(
    'codec: the state of "clicks", chunk "x": cannot write function f',
  );
  const pages = Array.from({ length: 3 }, (_, i) => new Page(1000, () => (i < 2 ? i : bad)));
  reading.take('clicks', new Map(pages.map((page, i) => [`p ${i}`, page])));
  reading.read();
  turn();
  expect(log).toEqual([
    expect.stringContaining('the state of "clicks", chunk "p 2": cannot write'),
  ]);
});
