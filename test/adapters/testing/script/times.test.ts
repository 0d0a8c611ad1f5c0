/** Times as the notation prints them: short where they are near, calendar instants where they are far. */
import { parseTime, printTime } from '../../../../adapters/testing/script/times.js';

const noon = Date.UTC(2026, 0, 1, 12);

it.each<[string, number, number]>([
  ['0', 0, 0],
  ['999', 999, 0],
  ['1s', 1000, 0],
  ['-5m', -300_000, 0],
  ['59998', 59_998, 0],
  ['1m-1ms', 59_999, 0],
  ['5m-1ms', 299_999, 0],
  ['-3m-1ms', -180_001, 0],
  ['5m500ms', 300_500, 0],
  ['2026-01-01T12:00Z', noon, 0],
  ['2026-01-01T12:00:30Z', noon + 30_000, 0],
  ['2026-01-01T12:00:00.500Z', noon + 500, 0],
  ['5m-1ms', noon + 299_999, noon],
  ['1970-01-01T00:00Z', 0, noon],
  ['8640000000000001', 8_640_000_000_000_001, 0],
])('%s is %d from %d on', (text, t, epoch) => {
  expect(printTime(t, epoch)).toBe(text);
  expect(parseTime(text, epoch)).toBe(t);
});

it.each(['5m-', '5m--1ms', '2026-02-30', '5m-1', '1m5', '1-5m', '5m-1x'])(
  '%s is no time',
  (text) => {
    expect(parseTime(text, 0)).toBeUndefined();
  },
);
