/** Arrival time: whose clock is read, and a timer that follows a deadline. */
import { ArrivalClock } from 'tidemark/testing';
import { Alarm, Arrival } from '../../lib/arrival.js';

describe('arrival time', () => {
  const fixed = (t: number) => ({ now: () => t, schedule: jest.fn(() => ({ unsubscribe() {} })) });

  it('is that of the config, else of the job, else the usual', () => {
    const job = { now: () => 20, running: () => 15 };
    const usual = new Arrival(undefined, fixed(1));
    expect([usual.now(), usual.running()]).toEqual([1, 1]);
    usual.job = job;
    expect([usual.now(), usual.running()]).toEqual([20, 15]);
    const own = new Arrival(fixed(300), fixed(1));
    expect([own.now(), own.running()]).toEqual([300, 300]);
    own.job = job;
    expect([own.now(), own.running()]).toEqual([300, 295]);
  });

  it('sets timers where it reads the time', () => {
    const [own, usual] = [fixed(300), fixed(1)];
    const after = jest.fn(() => () => {});
    const of = new Arrival(own, usual);
    of.job = { now: () => 20, running: () => 15, after };
    of.after(5, () => {});
    expect(own.schedule).toHaveBeenCalledTimes(1);
    const jobs = new Arrival(undefined, usual);
    jobs.job = of.job;
    jobs.after(2 ** 40, () => {});
    expect(after).toHaveBeenCalledWith(2 ** 31 - 1, expect.any(Function));
    jobs.job = { now: () => 20, running: () => 15 };
    jobs.after(5, () => {});
    expect(usual.schedule).toHaveBeenCalledTimes(1);
  });
});

describe('an alarm', () => {
  function alarmOf(standing = false) {
    const scheduler = new ArrivalClock();
    const ticks: number[] = [];
    const waiting = {
      deadline: 10,
      tick: (now: number): void => {
        ticks.push(now);
        waiting.deadline = Infinity;
      },
    };
    const arrival = new Arrival(undefined, scheduler);
    let paused = standing;
    const clock = { now: () => scheduler.frame, running: () => (paused ? 4 : scheduler.frame) };
    arrival.job = clock;
    const alarm = new Alarm(arrival, waiting, (task) => task());
    const goOn = () => {
      paused = false;
    };
    return { scheduler, ticks, waiting, alarm, goOn };
  }

  it('rings at its deadline, and then waits for the next', () => {
    const { scheduler, ticks, waiting, alarm } = alarmOf();
    const schedule = jest.spyOn(scheduler, 'schedule');
    alarm.set();
    alarm.set();
    expect(schedule).toHaveBeenCalledTimes(1);
    waiting.tick = (now) => {
      ticks.push(now);
      waiting.deadline = now < 30 ? now + 7 : Infinity;
    };
    scheduler.advance(99);
    expect(ticks).toEqual([10, 17, 24, 31]);
  });

  it('does not ring after it was cleared, nor without a deadline', () => {
    const { scheduler, ticks, waiting, alarm } = alarmOf();
    alarm.set();
    alarm.clear();
    waiting.deadline = Infinity;
    alarm.set();
    scheduler.advance(99);
    expect(ticks).toEqual([]);
  });

  it('looks now and then while the clock stands, not more often than each 20 ms', () => {
    const { scheduler, ticks, alarm, goOn } = alarmOf(true);
    const schedule = jest.spyOn(scheduler, 'schedule');
    alarm.set();
    scheduler.advance(100);
    expect(ticks).toEqual([]);
    expect(schedule.mock.calls.length).toBeLessThanOrEqual(7);
    goOn();
    scheduler.advance(900);
    expect(ticks).toHaveLength(1);
  });
});
