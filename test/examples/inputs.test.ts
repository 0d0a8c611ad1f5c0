/** Facts about the inputs that are no files: synthetic lines, the bundled log, and the pace of a source. */
import type { Source } from 'tidemark';
import { bundledEvents, bundledProfiles } from '../../examples/main/bundled.js';
import { syntheticEvents, syntheticProfiles } from '../../examples/main/generate.js';
import { readMainOptions } from '../../examples/main/options.js';
import { paced } from '../../examples/main/pace.js';
import { eventsInput, profilesInput } from '../../examples/main/sources.js';
import { run } from '../adapters/files/scratch.js';

const doors = { stdin: process.stdin, rejected: () => {}, opened: () => {} };
const generate = (count: number, ...more: string[]) => {
  const o = readMainOptions(['--generate', String(count), ...more]);
  if (o?.generate === undefined) throw new Error('no options');
  return { options: o, generate: o.generate };
};
const times = (lines: { count: number; lineAt: (i: number) => string }) =>
  Array.from({ length: lines.count }, (_, i) => Date.parse(JSON.parse(lines.lineAt(i)).event_time));

describe('synthetic lines', () => {
  it('are the same for one seed and others for another', () => {
    const [a, b] = [1, 2].map((seed) => syntheticEvents(generate(50, `--seed=${seed}`).generate));
    const again = syntheticEvents(generate(50, '--seed=1').generate);
    const all = (x: typeof a) => Array.from({ length: 50 }, (_, i) => x?.lineAt(i));
    expect(all(again)).toEqual(all(a));
    expect(all(b)).not.toEqual(all(a));
  });

  it('are out of order, 10 % of them by up to ten minutes, and none beyond the bound', () => {
    const o = generate(20_000).generate;
    for (const lines of [syntheticEvents(o), syntheticProfiles(o)]) {
      let max = -Infinity;
      let late = 0;
      let furthest = 0;
      for (const t of times(lines)) {
        const behind = max - t;
        if (behind > 120_000) late++;
        furthest = Math.max(furthest, behind);
        max = Math.max(max, t);
      }
      expect(furthest).toBeLessThanOrEqual(600_000);
      expect(furthest).toBeGreaterThan(400_000);
      expect(late / lines.count).toBeGreaterThan(0.05);
      expect(late / lines.count).toBeLessThan(0.11);
    }
  });

  it('repeat, cut and prefer one user as often as they are told to', () => {
    const o = generate(20_000, '--dup-share=.1', '--malformed-share=.2', '--skew=.5').generate;
    const { lineAt } = syntheticEvents(o);
    const seen = new Set<string>();
    let [repeats, cuts, hot, whole] = [0, 0, 0, 0];
    for (let i = 0; i < 20_000; i++) {
      const line = lineAt(i);
      if (!line.endsWith('}')) cuts++;
      else {
        whole++;
        if (line.includes('"user_id":"u0"')) hot++;
        if (seen.has(line)) repeats++;
        seen.add(line);
      }
    }
    expect(cuts / 20_000).toBeCloseTo(0.2, 1);
    expect(hot / whole).toBeCloseTo(0.5, 1);
    expect(repeats / whole).toBeGreaterThan(0.05);
    expect(repeats / whole).toBeLessThan(0.1);
  });

  it('give every user a plan before the first event and each ten minutes after', () => {
    const o = generate(12_000, '--users=7', '--disorder=0', '--late-share=0').generate;
    const lines = syntheticProfiles(o);
    const profiles = Array.from({ length: lines.count }, (_, i) => JSON.parse(lines.lineAt(i)));
    const first = profiles.slice(0, 7);
    expect(new Set(first.map((p) => p.user_id)).size).toBe(7);
    for (const p of first) expect(Date.parse(p.event_time)).toBeLessThan(o.startMs);
    const mine = profiles.filter((p) => p.user_id === 'u3').map((p) => Date.parse(p.event_time));
    expect(mine.slice(1).map((t, i) => t - (mine[i] ?? 0))).toEqual([600_000, 600_000]);
  });

  it('go on exactly from any position, through the same gate as files', async () => {
    const { options } = generate(300, '--malformed-share=.2', '--dup-share=.2');
    const whole = await run(eventsInput(options, doors).source);
    expect(whole.position).toMatchObject({ lines: 300, finished: true });
    const { malformed } = whole.position as { malformed: number };
    expect(malformed).toBe(300 - whole.values.length);
    expect(malformed).toBeGreaterThan(20);
    const first = await run(eventsInput(options, doors).source, undefined, { stopAfter: 100 });
    const rest = await run(eventsInput(options, doors).source, first.position);
    expect([...first.values, ...rest.values]).toEqual(whole.values);
    expect(rest.position).toEqual(whole.position);
    const other = generate(300, '--seed=9').options;
    expect(() => eventsInput(other, doors).source.open(first.position, {} as never)).toThrow(
      /the checkpoint is of/,
    );
  });
});

describe('the bundled log', () => {
  it('is 10,000 lines; those of an answer without a body have no bytes, hence no value', async () => {
    const o = readMainOptions([]);
    if (o === undefined) throw new Error('no options');
    const events = await run(eventsInput(o, doors).source);
    expect(events.values.length).toBe(9331);
    expect(events.position).toMatchObject({ lines: 10_000, malformed: 0, invalid: 669 });
    const profiles = await run(profilesInput(o, doors).source);
    expect(profiles.values.length).toBe(bundledProfiles().length);
  });

  it('makes a record when a client is first seen and then each hour of event time', () => {
    const last = new Map<string, number>();
    const plans = new Set<string>();
    for (const line of bundledProfiles()) {
      const { user_id, plan, event_time } = JSON.parse(line);
      const before = last.get(user_id) ?? -Infinity;
      expect(Date.parse(event_time) - before).toBeGreaterThanOrEqual(3_600_000);
      last.set(user_id, Date.parse(event_time));
      plans.add(plan);
    }
    const clients = new Set(bundledEvents().map((l) => JSON.parse(l).user_id));
    expect(new Set(last.keys())).toEqual(clients);
    expect([...plans].sort()).toEqual(['crawler', 'visitor']);
  });
});

describe('pace', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  /* As fast as it can, within the turn of its resume. */
  const eager: Source<number> = {
    name: 'eager',
    open(_, out) {
      let going = false;
      let n = 0;
      const reader = {
        position: () => n,
        pause: () => {
          going = false;
        },
        resume: () => {
          going = true;
          while (going) out.event(n++);
        },
        close: async () => {},
      };
      return reader;
    },
  };

  it.each([
    [10, 10],
    [1000, 1000],
    [3.5, 3],
  ])('%d a second lets %d events through in a second, none while paused', async (rate, most) => {
    const values: number[] = [];
    const reader = paced(eager, rate).open(undefined, {
      event: (value) => values.push(value),
      declare: () => {},
      finished: () => {},
      failed: () => {},
    });
    reader.resume();
    jest.advanceTimersByTime(1000);
    expect(values).toEqual(Array.from({ length: most }, (_, i) => i));
    expect(reader.position()).toBe(most);
    reader.pause();
    jest.advanceTimersByTime(5000);
    expect(values.length).toBe(most);
    reader.resume();
    jest.advanceTimersByTime(1000);
    expect(values.length).toBeGreaterThanOrEqual(2 * most);
    expect(values.length).toBeLessThanOrEqual(2 * most + 25);
    await reader.close();
    expect(jest.getTimerCount()).toBe(0);
  });
});
