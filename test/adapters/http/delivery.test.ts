/** The headers of a batch: any names come back, and what is none of ours is none. */
import fc from 'fast-check';
import { readDelivery } from 'tidemark/http';
import { idempotencyKey } from '../../../adapters/http/delivery.js';

it('any owner and place comes back, from plain headers and from `Headers`', () => {
  const name = fc.array(fc.integer({ min: 0, max: 0xffff })).map((c) => String.fromCharCode(...c));
  const small = fc.nat({ max: 1e9 });
  fc.assert(
    fc.property(name, name, name, small, small, small, (job, task, sink, n, i, rows) => {
      const delivery = { owner: { job, task, sink }, n, i, rows: rows + 1 };
      const headers = { 'idempotency-key': idempotencyKey(delivery), 'tidemark-epoch': '7' };
      expect(readDelivery(headers)).toEqual({ ...delivery, epoch: 7 });
      expect(readDelivery(new Headers(headers))).toEqual({ ...delivery, epoch: 7 });
      const more = { ...headers, 'tidemark-from': '0', 'tidemark-mark': '281474976710655' };
      const run = { from: 0, mark: 2 ** 48 - 1 };
      expect(readDelivery(more)).toEqual({ ...delivery, epoch: 7, ...run });
    }),
  );
});

it('other headers are those of no batch', () => {
  const key = 'j/0/s/1/0-2';
  expect(readDelivery({ 'idempotency-key': key, 'tidemark-epoch': '1' })).toBeDefined();
  for (const other of ['', 'j/0/s/1/0', 'j/0/s/1/3-2', 'j/0/s/x/0-2', '%/0/s/1/0-2', `a/${key}`]) {
    expect(readDelivery({ 'idempotency-key': other, 'tidemark-epoch': '1' })).toBeUndefined();
  }
  for (const epoch of [undefined, '', '-1', '1e3', ['1', '2']]) {
    expect(readDelivery({ 'idempotency-key': key, 'tidemark-epoch': epoch })).toBeUndefined();
  }
  expect(readDelivery({})).toBeUndefined();
});
