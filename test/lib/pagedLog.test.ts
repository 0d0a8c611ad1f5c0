/** Paged logs: what is written is counted, row by row and page by page. */
import fc from 'fast-check';
import type { Data } from '../../lib/chunks.js';
import type { Page } from '../../lib/page.js';
import { PAGE_ROWS, PagedLog, rowsOf, rowsWithin, savedGroups } from '../../lib/pagedLog.js';
import { restored, unread, written } from './written.js';

type Row = readonly [key: number, value: number | null];

/* A map kept by a log, as a store sees it. */
class Kept {
  readonly alive = new Map<number, number>();
  changed = new Map<number, number | null>();
  pieces = new Map<string, Uint8Array>();
  rowsWritten = 0;

  constructor(readonly log = new PagedLog('g')) {}

  set(key: number, value: number | null): void {
    if (value === null) this.alive.delete(key);
    else this.alive.set(key, value);
    if (this.log.begun) this.changed.set(key, value);
  }

  /** Gives how many rows were written. */
  capture(): number {
    const chunks = new Map<string, Data>();
    const live = rowsWithin(
      this.alive.size,
      () => this.alive,
      (row) => [...row],
    );
    this.log.save(
      chunks,
      live,
      rowsOf([...this.changed], (row) => [...row]),
    );
    this.changed = new Map();
    const rows = unread(chunks);
    const before = this.pieces;
    this.pieces = new Map();
    for (const [name, page] of chunks as Map<string, Page>) {
      this.pieces.set(name, page.written ? (before.get(name) as Uint8Array) : page.bytes());
      page.release();
    }
    this.rowsWritten += rows;
    return rows;
  }

  restored(): Kept {
    const [group] = savedGroups(restored(this.pieces), 'g');
    const again = new Kept(group?.log);
    for (const [key, value] of (group?.pages ?? []).flat() as Row[]) {
      if (value === null) again.alive.delete(key);
      else again.alive.set(key, value);
    }
    again.pieces = this.pieces;
    return again;
  }
}

function filled(keys: number): Kept {
  const kept = new Kept();
  for (let key = 0; key < keys; key++) kept.set(key, 0);
  kept.capture();
  return kept;
}

it('the first capture writes all, in pages of bounded size', () => {
  const kept = filled(2.5 * PAGE_ROWS);
  expect(kept.rowsWritten).toBe(2500);
  expect([...kept.pieces.keys()]).toEqual(['g 0', 'g 1', 'g 2']);
});

it('a capture after k changes writes k rows, and none after none', () => {
  const kept = filled(100_000);
  expect(kept.capture()).toBe(0);
  for (let key = 0; key < 50; key++) kept.set(key, 1);
  kept.set(50, null);
  kept.set(100_000, 1);
  expect(kept.capture()).toBe(52);
  expect(kept.pieces.size).toBe(101);
  expect(kept.capture()).toBe(0);
});

it('a page that is not written yet stays in the captures that follow', () => {
  const log = new PagedLog('g');
  const first = new Map<string, Data>();
  log.save(first, rowsOf([1], Number), rowsOf([], Number));
  const second = new Map<string, Data>();
  log.save(second, rowsOf([1, 2], Number), rowsOf([2], Number));
  expect([...second.keys()]).toEqual(['g 0', 'g 1']);
  expect(second.get('g 0')).toBe(first.get('g 0'));
  expect([...written(second).keys()]).toEqual(['g 0', 'g 1']);
});

it('what is dead is written off when it outweighs what is alive', () => {
  const kept = filled(5 * PAGE_ROWS);
  for (let key = 0; key < 4.9 * PAGE_ROWS; key++) kept.set(key, null);
  expect(kept.capture()).toBe(100);
  expect([...kept.pieces.keys()]).toEqual(['g 5']);
});

it('many small captures write each row a bounded number of times, into a bounded number of pages', () => {
  const keys = 3000;
  const kept = filled(keys);
  let most = 0;
  const captures = 2000;
  for (let n = 0; n < captures; n++) {
    kept.set((n * 7919) % keys, n);
    kept.capture();
    most = Math.max(most, kept.pieces.size);
  }
  expect(most).toBeLessThanOrEqual((2 * keys) / PAGE_ROWS + 17);
  expect(kept.rowsWritten / captures).toBeLessThan(keys / 10);
  expect(kept.restored().alive).toEqual(kept.alive);
});

it('what is written holds at most twice the live rows and a page', () => {
  const kept = filled(PAGE_ROWS);
  let total = 0;
  for (let n = 0; n < 100; n++) {
    for (let key = 0; key < 300; key++) kept.set(key, n);
    kept.capture();
    total = 0;
    for (const { pages } of savedGroups(restored(kept.pieces), 'g')) total = pages.flat().length;
    expect(total).toBeLessThanOrEqual(2 * kept.alive.size + PAGE_ROWS);
  }
  expect(kept.rowsWritten).toBeLessThan(3 * 300 * 100);
});

it('a log is read back as what was alive, and goes on', () => {
  const change = fc.tuple(fc.nat(40), fc.option(fc.nat(9)));
  const script = fc.array(fc.oneof(change, fc.constantFrom('capture', 'restore')));
  fc.assert(
    fc.property(script, (steps) => {
      let kept = new Kept();
      let durable: ReadonlyMap<number, number> = new Map();
      for (const step of steps) {
        if (step === 'capture') {
          kept.capture();
          durable = new Map(kept.alive);
        } else if (step === 'restore') {
          kept = kept.restored();
          expect(new Map([...kept.alive].sort())).toEqual(new Map([...durable].sort()));
        } else kept.set(...(step as [number, number | null]));
      }
    }),
    { numRuns: 300 },
  );
});
