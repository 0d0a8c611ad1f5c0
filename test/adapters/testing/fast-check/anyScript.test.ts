/** anyScript: only what a stream may say, all of its edges, and little when it shrinks. */
import fc from 'fast-check';
import { from } from 'rxjs';
import { count, type Element, eventTimeWindow, toValues, tumbling } from 'tidemark';
import { type Message, marbles, type Script } from 'tidemark/testing';
import { type AnyScriptOptions, anyScript } from 'tidemark/testing/fast-check';
import { sentBy } from '../../../../adapters/testing/script/message.js';

const BOUND = 10;
const everything = { late: true, ends: ['complete', 'error', 'open'] } as const;
const numRuns = 1000;
const sample = <T>(o: AnyScriptOptions<T>): readonly Script<T>[] =>
  fc.sample(anyScript(o), { seed: 1, numRuns });

/** What a script does that a stream does not; late events are told apart. */
function wrongIn(messages: readonly Message[], bound = BOUND): string[] {
  const wrong: string[] = [];
  let [newest, w, frame, barrier, idle, ended] = [-Infinity, -Infinity, 0, 0, false, false];
  for (const [i, m] of messages.entries()) {
    const demand = (holds: boolean, what: string) => holds || wrong.push(`${i}: ${what}`);
    demand(!ended, 'after the end');
    demand(m.frame >= frame && Number.isSafeInteger(m.frame), 'frames run back');
    frame = m.frame;
    if (m.kind === 'event') {
      demand(!idle, 'an event while idle');
      demand(Number.isSafeInteger(m.timestamp), 'no time');
      demand(m.timestamp > w, 'late');
      demand(m.timestamp <= w || m.timestamp >= newest - bound, 'out of bound');
      newest = Math.max(newest, m.timestamp);
    } else if (m.kind === 'watermark') {
      demand(m.timestamp > w, 'W does not rise');
      const last = m.timestamp === Infinity && messages[i + 1]?.kind === 'complete';
      demand(last || m.timestamp <= newest - bound - 1, 'W is too high');
      demand(last || !idle, 'W while idle');
      w = m.timestamp;
    } else if (m.kind === 'status') {
      demand(idle === (m.status === 'active'), 'status twice');
      idle = m.status === 'idle';
    } else if (m.kind === 'barrier') demand(m.n === ++barrier, 'barriers are not numbered');
    else if (m.kind === 'splits') demand(i === 0, 'splits are not declared first');
    else ended = true;
  }
  return wrong;
}

it('anyScript says nothing that a stream does not', () => {
  for (const s of sample({ ends: ['complete', 'error', 'open'] })) {
    expect(wrongIn(s.messages)).toEqual([]);
  }
  for (const s of sample(everything)) {
    expect(wrongIn(s.messages).filter((what) => !what.endsWith('late'))).toEqual([]);
  }
  for (const s of sample({ outOfOrderness: 0 })) expect(wrongIn(s.messages, 0)).toEqual([]);
});

it('what the check of scripts is there to find, it finds', () => {
  const wrong = (text: string) => wrongIn(marbles(text).messages).map((what) => what.slice(3));
  expect(wrong('a@20 a@9 |')).toEqual(['out of bound']);
  expect(wrong('a@20 W10 |')).toEqual(['W is too high']);
  expect(wrong('a@20 W9 W9 |')).toEqual(['W does not rise']);
  expect(wrong('a@20 W9 a@9 |')).toEqual(['late']);
  expect(wrong('idle a@20 |')).toEqual(['an event while idle']);
  expect(wrong('a@20 idle W9 |')).toEqual(['W while idle']);
  expect(wrong('active |')).toEqual(['status twice']);
  expect(wrong('barrier#2 |')).toEqual(['barriers are not numbered']);
  expect(wrong('a@1 splits:p |')).toEqual(['splits are not declared first']);
  expect(wrong('W∞ a@20 |')).toEqual(['W is too high', 'late']);
  expect(wrong('| a@20')).toEqual(['after the end']);
});

/** Of how many scripts it is true. */
function howMany(
  scripts: readonly Script<any>[],
  holds: (messages: readonly Message[]) => boolean,
) {
  return scripts.filter((s) => holds(s.messages)).length;
}
const times = (ms: readonly Message[]) =>
  ms.flatMap((m) => (m.kind === 'event' ? [m.timestamp] : []));
const has = (kind: Message['kind']) => (ms: readonly Message[]) => ms.some((m) => m.kind === kind);
const late = (ms: readonly Message[]) => wrongIn(ms).some((what) => what.endsWith('late'));

let scripts: readonly Script<any>[] | undefined;
it.each<[string, number, (messages: readonly Message[]) => boolean]>([
  ['times before the epoch', 200, (ms) => times(ms).some((t) => t < 0)],
  [
    'times on both sides of the epoch',
    100,
    (ms) => times(ms).some((t) => t < 0) && times(ms).some((t) => t > 0),
  ],
  ['time 0', 50, (ms) => times(ms).includes(0)],
  ['equal times', 100, (ms) => new Set(times(ms)).size < times(ms).length],
  ['disorder', 200, (ms) => times(ms).some((t, i) => t < Math.max(...times(ms).slice(0, i)))],
  [
    'an event at the very bound',
    50,
    (ms) => times(ms).some((t, i) => t === Math.max(...times(ms).slice(0, i)) - BOUND),
  ],
  ['watermarks', 300, has('watermark')],
  [
    'W at the bound',
    100,
    (ms) =>
      ms.some(
        (m, i) =>
          m.kind === 'watermark' && m.timestamp === Math.max(...times(ms.slice(0, i))) - BOUND - 1,
      ),
  ],
  [
    'W∞ before the end',
    100,
    (ms) => ms.some((m) => m.kind === 'watermark' && m.timestamp === Infinity),
  ],
  ['late events', 100, late],
  [
    'an event at W itself',
    30,
    (ms) =>
      ms.some(
        (m, i) =>
          m.kind === 'event' &&
          m.timestamp === ms.slice(0, i).findLast((x) => x.kind === 'watermark')?.timestamp,
      ),
  ],
  ['idleness', 200, has('status')],
  ['idleness to the end', 50, (ms) => ms.findLast((m) => m.kind === 'status')?.status === 'idle'],
  ['barriers', 200, has('barrier')],
  ['groups', 200, (ms) => ms.some((m, i) => m.frame === ms[i - 1]?.frame)],
  ['pauses', 200, (ms) => ms.some((m, i) => m.frame > (ms[i - 1]?.frame ?? -1) + 1)],
  [
    'one value twice',
    200,
    (ms) =>
      new Set(ms.flatMap((m) => (m.kind === 'event' ? [m.name] : []))).size < times(ms).length,
  ],
  ['completion', 200, has('complete')],
  ['errors', 200, has('error')],
  ['no end', 200, (ms) => !has('complete')(ms) && !has('error')(ms)],
  ['no event', 5, (ms) => times(ms).length === 0],
  ['many events', 100, (ms) => times(ms).length > 6],
])('anyScript has %s in more than %i of 1000 scripts', (_, least, holds) => {
  scripts ??= sample(everything);
  expect(howMany(scripts, holds)).toBeGreaterThan(least);
});

it('anyScript leaves out what is not wanted', () => {
  const plain = sample({ statuses: false, barriers: false });
  for (const kind of ['status', 'barrier', 'error', 'splits'] as const) {
    expect(howMany(plain, has(kind))).toBe(0);
  }
  expect(howMany(plain, has('complete'))).toBe(numRuns);
  expect(howMany(plain, late)).toBe(0);
  expect(howMany(sample({ maxSteps: 0, ends: ['open'] }), (ms) => ms.length > 0)).toBe(0);
  expect(Math.max(...sample({ maxSteps: 3, statuses: false }).map((s) => s.messages.length))).toBe(
    5,
  );
});

it('anyScript declares splits and gives each event one', () => {
  const scripts = sample({ splits: ['p0', 'p1'] });
  expect(howMany(scripts, (ms) => ms[0]?.kind === 'splits')).toBe(numRuns);
  const splits = scripts.flatMap((s) =>
    s.messages.flatMap((m) => (m.kind === 'event' ? [m.split] : [])),
  );
  expect(new Set(splits)).toEqual(new Set(['p0', 'p1']));
  for (const s of scripts) expect(wrongIn(s.messages)).toEqual([]);
});

it('anyScript puts times about its epoch, and takes any values', () => {
  const epoch = '2026-03-29T00:59:00Z';
  const values = fc.constantFrom({ n: 1 }, { n: 2 }, 'v1', 'not a word', 7);
  const scripts = sample<unknown>({ epoch, values, outOfOrderness: '1 minute' });
  const ms = scripts.flatMap((s) => times(s.messages).map((t) => t - Date.parse(epoch)));
  expect(Math.min(...ms)).toBeLessThan(-60_000);
  expect(Math.max(...ms)).toBeGreaterThan(60_000);
  for (const s of scripts) {
    const names = new Map<string, unknown>();
    for (const m of s.messages) {
      if (m.kind !== 'event') continue;
      expect(names.get(m.name as string) ?? m.value).toBe(m.value);
      names.set(m.name as string, m.value);
    }
    const again = marbles(s.toMarbles(), s.values, { epoch });
    expect(again.messages).toEqual(s.messages);
  }
});

it('windows take exactly the events of a script that are not late', () => {
  let lateOnes = 0;
  fc.assert(
    fc.property(anyScript({ late: true }), (s) => {
      const expected = wrongIn(s.messages).filter((what) => what.endsWith('late')).length;
      let [missed, taken] = [0, 0];
      from(s.messages.filter((m) => m.kind !== 'complete').map(sentBy) as Element<string>[])
        .pipe(
          eventTimeWindow({ window: tumbling(1), aggregate: { n: count() }, late: () => missed++ }),
          toValues(),
        )
        .subscribe(({ value }) => {
          taken += value.n;
        });
      expect([missed, taken]).toEqual([expected, times(s.messages).length - expected]);
      lateOnes += expected;
    }),
    { seed: 1, numRuns: 200 },
  );
  expect(lateOnes).toBeGreaterThan(20);
});

it('anyScript might give the script of its page', () => {
  const page = 'a@-3  W-14  (b@-3 c@-9)  barrier  idle  active  a@6  W-7  7ms  (W∞ |)';
  expect(wrongIn(marbles(page).messages)).toEqual([]);
});

function smallest(
  holds: (messages: readonly Message[]) => boolean,
  o: AnyScriptOptions<string> = {},
) {
  const found = fc.check(
    fc.property(anyScript({ ...everything, ...o }), (s) => !holds(s.messages)),
    { seed: 2, numRuns },
  );
  return found.counterexample?.[0].toMarbles();
}

it('anyScript shrinks to few messages, with times at the epoch', () => {
  expect(smallest(() => true)).toBe('|');
  expect(smallest((ms) => times(ms).length > 0)).toBe('a@0 |');
  expect(smallest((ms) => times(ms).length > 2)).toBe('a@0 a@0 a@0 |');
  expect(smallest(has('status'))).toBe('idle |');
  expect(smallest(has('barrier'))).toBe('barrier |');
  expect(smallest(has('error'))).toBe('#');
  expect(smallest((ms) => ms.some((m) => m.kind === 'watermark' && m.timestamp < 99))).toBe(
    'a@0 W-11 |',
  );
  expect(smallest(late)).toBe('a@0 W-11 a@-11 |');
  expect(smallest((ms) => times(ms).some((t) => t < 0))).toBe('a@-1 |');
  expect(smallest((ms) => times(ms).some((t, i) => t < (times(ms)[i - 1] ?? t)))).toBe(
    'a@0 a@-1 |',
  );
  expect(smallest((ms) => ms.some((m, i) => m.frame === ms[i - 1]?.frame))).toMatch(
    /^\(\S+ \S+\)( \|)?$/,
  );
});

it.each([
  [{ maxSteps: -1 }, 'anyScript: `maxSteps` must be an integer >= 0; got -1'],
  [{ values: ['a'] }, 'anyScript: `values` must be an arbitrary; got ["a"]'],
  [{ splits: [] }, 'anyScript: `splits` must be a list of names; got []'],
  [{ ends: ['later'] }, "anyScript: `ends` must be a list of 'complete', 'error' and 'open'; got"],
  [{ ends: [] }, 'anyScript: `ends` must be a list of'],
  [{ outOfOrderness: '-1s' }, 'anyScript: `outOfOrderness` must be a duration >= 0'],
  [{ epoch: 'soon' }, 'anyScript: `epoch` must be an instant'],
])('anyScript refuses %j in one sentence', (wrong, sentence) => {
  expect(() => anyScript(wrong as never)).toThrow(sentence);
});
