/** Durations are whole milliseconds, written as a number or with a unit; anything else is refused. */
import { durationOption, parseDuration } from '../../lib/duration.js';

it.each([
  [0, 0],
  [250, 250],
  ['500ms', 500],
  ['1 second', 1000],
  ['1.5s', 1500],
  ['.5 sec', 500],
  ['10m', 600_000],
  ['10 minutes', 600_000],
  ['-5 minutes', -300_000],
  ['+1h', 3_600_000],
  ['1 day', 86_400_000],
  ['2 weeks', 1_209_600_000],
  ['0.1 s', 100],
])('%p is %d ms', (d, ms) => {
  expect(parseDuration(d)).toBe(ms);
});

it.each([
  1.5,
  NaN,
  Infinity,
  2 ** 53,
  '5',
  '5 M',
  '1month',
  '1 h 5 m',
  '1e3 ms',
  ' 1s',
  '1  s',
  '0.0005 s',
  '',
  null,
  10n,
])('%p is no duration', (d) => {
  expect(parseDuration(d)).toBeUndefined();
});

it('an option that is wrong is named with its rule and value', () => {
  expect(() => durationOption('op', 'within', '5 parsecs', 'nonNegative')).toThrow(
    "op: `within` must be a duration >= 0 (whole ms, or such as '10 minutes', '500ms', '1h'); got \"5 parsecs\"",
  );
  expect(() => durationOption('op', 'size', 0, 'positive')).toThrow('a duration > 0');
  expect(() => durationOption('op', 'late', -1, 'nonNegative')).toThrow(TypeError);
  expect(durationOption('op', 'lower', '-5m', 'signed')).toBe(-300_000);
});
