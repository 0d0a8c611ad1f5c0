/** Intake: values to events; how often it looks at the clock; what it counts. */
import type { Invalid } from '../../lib/doors.js';
import { event } from '../../lib/element.js';
import { Intake, type IntakeConfig, type WatermarkStats } from '../../lib/intake.js';
import { newStats } from '../../lib/stats.js';

interface Reading {
  readonly at: number;
  readonly from?: unknown;
}

function intakeOf(config: Partial<IntakeConfig<Reading>>, now = 0) {
  const stats: WatermarkStats = newStats({ future: 0 });
  const left: Invalid<Reading>[] = [];
  const clock = {
    at: now,
    reads: 0,
    now: () => {
      clock.reads++;
      return clock.at;
    },
  };
  const intake = new Intake<Reading>(
    {
      timestamp: (r) => r.at,
      maxFutureSkewMs: undefined,
      onFutureSkew: 'quarantine',
      invalid: (i) => left.push(i),
      ...config,
    },
    clock,
    stats,
  );
  return { intake, stats, left, clock };
}

describe('intake', () => {
  it('stamps a value, and keeps what the event of a source brought', () => {
    const { intake } = intakeOf({});
    expect(intake.take({ at: 5 }, undefined)).toEqual(event({ at: 5 }, 5));
    const from = event({ at: 7 }, Number.NaN, { split: 'p', revision: [1], op: '-' });
    expect(intake.take(from.value, from)).toEqual(
      event({ at: 7 }, 7, { split: 'p', revision: [1], op: '-' }),
    );
  });

  it('takes the split of the function for that of the source', () => {
    const { intake } = intakeOf({ split: (r) => r.from as string });
    const from = event({ at: 7, from: 'a' }, Number.NaN, { split: 'p' });
    expect(intake.take(from.value, from)?.split).toBe('a');
  });

  it('counts exactly: in = accepted + invalid', () => {
    const { intake, stats, left } = intakeOf({
      split: (r) => r.from as string,
      maxFutureSkewMs: 10,
    });
    const sent = [
      { at: 1, from: 'a' },
      { at: Number.NaN, from: 'a' },
      { at: 2, from: 3 },
      { at: 99, from: 'a' },
    ];
    for (const [i, r] of sent.entries()) {
      intake.take(r, undefined);
      expect([stats.in, stats.accepted + stats.invalid]).toEqual([i + 1, i + 1]);
    }
    expect(left.map((i) => i.reason)).toEqual(['timestamp', 'key', 'future']);
    expect(stats).toMatchObject({ accepted: 1, out: 1, invalid: 3, future: 1 });
  });

  it('says of an event that passes whether it is too far ahead', () => {
    const { intake } = intakeOf({ maxFutureSkewMs: 10, onFutureSkew: 'pass' });
    intake.take({ at: 11 }, undefined);
    expect(intake.ahead).toBe(true);
    intake.take({ at: 10 }, undefined);
    expect(intake.ahead).toBe(false);
  });

  it('reads the clock once at first, and then only for events that seem ahead', () => {
    const { intake, clock } = intakeOf({ maxFutureSkewMs: 10 }, 1e12);
    for (let i = 0; i < 100; i++) intake.take({ at: 1e12 - i }, undefined);
    expect(clock.reads).toBe(1);
    clock.at += 20;
    intake.take({ at: 1e12 + 11 }, undefined);
    intake.take({ at: 1e12 + 30 }, undefined);
    expect(clock.reads).toBe(2);
  });

  it('guards by default only on a wall clock, and looks again when the clock has changed', () => {
    const { intake, clock, left } = intakeOf({});
    intake.take({ at: 1e12 }, undefined);
    expect(left).toEqual([]);
    clock.at = 1e11;
    intake.reset();
    intake.take({ at: 1e11 + 300_001 }, undefined);
    expect(left.map((i) => i.reason)).toEqual(['future']);
    clock.at = 1e11 - 1;
    intake.reset();
    expect(intake.take({ at: 1e15 }, undefined)).toBeDefined();
  });
});
