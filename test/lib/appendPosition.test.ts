/** Rows for a target that cannot overwrite: each once, whatever is sent again, by whom and how it is cut. */
import fc from 'fast-check';
import { type AppendPosition, appendFence, appendStep } from '../../lib/appendPosition.js';

const at = (epoch: number, n: number, i: number, rows: number) => ({ epoch, n, i, rows });
const held = { epoch: 2, n: 5, i: 3 };

function placeOf(step: ReturnType<typeof appendFence>): AppendPosition {
  if ('answer' in step) throw new Error('it was refused');
  return step.position;
}

it('a batch above the position is written whole, and one that reaches above it in part', () => {
  const whole = { outcome: 'write', skip: 0 };
  expect(appendStep(at(1, 1, 0, 2), undefined)).toEqual({
    ...whole,
    position: { epoch: 1, n: 1, i: 1 },
  });
  expect(appendStep(at(2, 5, 4, 2), held)).toEqual({ ...whole, position: { ...held, i: 5 } });
  expect(appendStep(at(2, 6, 0, 2), held)).toEqual({ ...whole, position: { ...held, n: 6, i: 1 } });
  expect(appendStep(at(2, 5, 2, 4), held)).toEqual({
    ...whole,
    skip: 2,
    position: { ...held, i: 5 },
  });
});

it('at or below the position it is a duplicate, also of a later owner', () => {
  for (const epoch of [2, 3]) {
    expect(appendStep(at(epoch, 5, 2, 2), held)).toEqual({ outcome: 'duplicate' });
    expect(appendStep(at(epoch, 4, 9, 9), held)).toEqual({ outcome: 'duplicate' });
  }
});

it('an earlier owner is fenced, whatever it sends, and a later one keeps the place', () => {
  expect(appendStep(at(1, 9, 0, 1), held)).toEqual({ outcome: 'fenced', epoch: 2 });
  expect(appendFence(1, held)).toEqual({ answer: { fencedBy: 2 } });
  expect(placeOf(appendFence(2, held))).toEqual(held);
  expect(placeOf(appendFence(7, held))).toEqual({ epoch: 7, n: 5, i: 3 });
  expect(placeOf(appendFence(7, undefined))).toEqual({ epoch: 7, n: 0, i: -1 });
});

it('an epoch that is given out a second time is refused, and the first time again it is not', () => {
  const fence = { epoch: 2, n: 5, i: 3, mark: 8 };
  expect(appendFence(2, fence, { from: 5, mark: 8 })).toEqual({ position: fence });
  for (const one of [fence, held]) {
    expect(appendFence(2, one, { from: 0, mark: 9 })).toEqual({ answer: { fencedBy: 2 } });
  }
  const { mark: _, ...after } = fence;
  const batch = appendStep(at(2, 6, 0, 1), fence);
  expect(batch).toMatchObject({ position: { ...after, n: 6, i: 0 } });
  expect(batch).not.toHaveProperty('position.mark');
});

it('a batch of another run of the same epoch is no duplicate: it is told the epoch', () => {
  const taken = { ...held, mark: 8 };
  for (const n of [4, 5, 6]) {
    expect(appendStep({ ...at(2, n, 0, 2), mark: 9 }, taken)).toEqual({
      outcome: 'fenced',
      epoch: 2,
    });
  }
  expect(appendStep({ ...at(2, 5, 0, 2), mark: 8 }, taken)).toEqual({ outcome: 'duplicate' });
  expect(appendStep({ ...at(2, 6, 0, 2), mark: 8 }, taken)).toMatchObject({
    position: { epoch: 2, n: 6, i: 1, mark: 8 },
  });
  // above the epoch, its checkpoints being lost, what it has is new
  expect(appendStep({ ...at(3, 1, 0, 2), mark: 9, from: 0 }, taken)).toEqual({
    ...{ outcome: 'write', skip: 0, position: { epoch: 3, n: 1, i: 1, mark: 9 } },
  });
  // a receiver that keeps no marks judges by the epoch alone
  expect(appendStep({ ...at(2, 5, 0, 2), mark: 9 }, held)).toEqual({ outcome: 'duplicate' });
});

it('a later owner that goes on from below the place has lost checkpoints: what follows is new', () => {
  const place = { n: 3, i: Number.MAX_SAFE_INTEGER };
  expect(placeOf(appendFence(7, held, { from: 3 }))).toEqual({ epoch: 7, ...place });
  expect(placeOf(appendFence(7, held, { from: 5 }))).toEqual({ epoch: 7, n: 5, i: 3 });
  expect(placeOf(appendFence(2, held, { from: 3 }))).toEqual(held);
  for (const fence of [placeOf(appendFence(7, held, { from: 3 })), held]) {
    const from = fence === held ? { from: 3 } : {};
    expect(appendStep({ ...at(7, 3, 0, 9), ...from }, fence)).toEqual({ outcome: 'duplicate' });
    expect(appendStep({ ...at(7, 4, 0, 2), ...from }, fence)).toEqual({
      ...{ outcome: 'write', skip: 0, position: { epoch: 7, n: 4, i: 1 } },
    });
  }
});

it('however rows are cut and sent again, each is written once, in order', () => {
  const cuts = fc.array(fc.tuple(fc.nat({ max: 29 }), fc.integer({ min: 1, max: 12 })));
  fc.assert(
    fc.property(cuts, (sent) => {
      const rows = Array.from({ length: 30 }, (_, k) => [1 + Math.floor(k / 10), k % 10] as const);
      const written: number[] = [];
      let position: AppendPosition | undefined;
      let done = 0;
      for (const [epoch, [back, size]] of sent.entries()) {
        // a restart sends from somewhere that is not above what was taken
        let from = Math.min(back, done);
        const fence = placeOf(appendFence(epoch + 1, position));
        position = fence;
        for (let batches = 0; batches < 3 && from < rows.length; batches++) {
          const [n, i] = rows[from] as readonly [number, number];
          const count = Math.min(size, 10 - i);
          const step = appendStep({ epoch: epoch + 1, n, i, rows: count }, position);
          if (step.outcome === 'write') {
            for (let k = from + step.skip; k < from + count; k++) written.push(k);
            position = step.position;
          }
          expect(step.outcome).not.toBe('fenced');
          from += count;
          done = Math.max(done, from);
        }
      }
      expect(written).toEqual(written.map((_, k) => k));
      expect(written.length).toBe(done);
    }),
  );
});
