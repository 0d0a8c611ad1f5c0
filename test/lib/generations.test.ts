/** Where the newest checkpoint is damaged, the one before stands in for it, and it is said. */
import { CodecError } from '../../lib/errors.js';
import { newestWhole } from '../../lib/generations.js';

const checkpoint = (n: number) => ({ n, positions: new Map(), state: new Map(), drained: false });
const without =
  (...damaged: readonly number[]) =>
  (n: number) => {
    if (damaged.includes(n)) throw new CodecError(`bad ${n}`);
    return checkpoint(n);
  };

test('the newest is taken where it is whole, and the one before is not looked at', async () => {
  expect(await newestWhole('j', [7, 5], without(5))).toEqual({ checkpoint: checkpoint(7) });
});

test('a damaged newest gives way to the one before', async () => {
  expect(await newestWhole('j', [7, 5], without(7))).toEqual({
    checkpoint: checkpoint(5),
    fallback: 'job "j": its checkpoint 7 is damaged (codec: bad 7); it goes on from checkpoint 5',
  });
});

test('where nothing whole is left the job is refused', async () => {
  await expect(newestWhole('j', [7, 5], without(5, 7))).rejects.toMatchObject({
    name: 'JobError',
    message:
      'job "j": its checkpoint 7 is damaged (codec: bad 7), and its checkpoint 5 is damaged (codec: bad 5); start a new job id',
  });
  await expect(newestWhole('j', [1, 0], without(1))).rejects.toThrow(
    'its checkpoint 1 is damaged (codec: bad 1), and there is none before it',
  );
});

test('a newer format is not damage, nor is a lost connection', async () => {
  const newer = new CodecError('newer', { newer: true });
  const refuse = (thrown: Error) => newestWhole('j', [7, 5], () => Promise.reject(thrown));
  await expect(refuse(newer)).rejects.toBe(newer);
  const lost = new Error('lost');
  await expect(refuse(lost)).rejects.toBe(lost);
});
