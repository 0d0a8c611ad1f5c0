/** The coordinator: one barrier at a time, two captures under way, declines with names, and the end. */
import {
  type Actions,
  type Capture,
  Coordinator,
} from '../../../../lib/job/checkpoint/coordinator.js';

function setup(everyEvents = 3) {
  const log: string[] = [];
  const world = { silent: [] as string[], finished: false, reading: false };
  const captures: Capture[] = [];
  const act: Actions = {
    hold: () => log.push('hold'),
    release: () => log.push('release'),
    emitBarrier: (c) => {
      captures.push(c);
      log.push(`barrier ${c.n}`);
    },
    silent: () => world.silent,
    reading: () => world.reading,
    complete: (c) => log.push(`captured ${c.n}`),
    commit: (c, prev) => log.push(`commit ${c.n} after ${prev}`),
    carry: (c) => log.push(`carry ${c.n}`),
    done: (c) => log.push(`done ${c.n}`),
    fail: (message) => log.push(message),
    allFinished: () => world.finished,
  };
  const coordinator = new Coordinator(4, everyEvents, act);
  const said = () => log.splice(0);
  const durable = (n: number) => coordinator.durable(captures.find((c) => c.n === n) as Capture);
  return { coordinator, world, said, durable };
}

it('an early barrier follows the event that makes the replay too long', () => {
  const { coordinator, said } = setup();
  coordinator.eventPassed();
  coordinator.eventPassed();
  expect(said()).toEqual([]);
  coordinator.eventPassed();
  expect(said()).toEqual(['hold', 'barrier 5', 'captured 5', 'release', 'commit 5 after 4']);
  expect(coordinator.uncommitted).toBe(0);
});

it('commits go one at a time, each after the one before', () => {
  const { coordinator, said, durable } = setup();
  coordinator.request();
  coordinator.request();
  said();
  durable(5);
  expect(said()).toEqual(['commit 6 after 5']);
  expect(coordinator.n).toBe(5);
});

it('with two captures not durable the next waits, and holds the sources once the replay is too long', () => {
  const { coordinator, said, durable } = setup();
  coordinator.request();
  coordinator.request();
  said();
  coordinator.request();
  expect(said()).toEqual([]);
  for (let i = 0; i < 3; i++) coordinator.eventPassed();
  expect(said()).toEqual(['hold']);
  durable(5);
  expect(said()).toEqual(['commit 6 after 5', 'hold', 'barrier 7', 'captured 7', 'release']);
});

it('waits for those that have not reported', () => {
  const { coordinator, world, said } = setup();
  world.silent = ['slow'];
  coordinator.request();
  expect(said()).toEqual(['hold', 'barrier 5']);
  expect(coordinator.waitsFor(5)).toBe(true);
  world.silent = [];
  coordinator.reported();
  expect(said()).toEqual(['captured 5', 'release', 'commit 5 after 4']);
});

it('a declined checkpoint is forgotten, its rows carried, its number never used again', () => {
  const { coordinator, world, said } = setup();
  world.silent = ['slow'];
  coordinator.request();
  said();
  coordinator.decline(5);
  expect(said()).toEqual(['carry 5', 'release']);
  world.silent = [];
  coordinator.request();
  expect(said()).toEqual(['hold', 'barrier 6', 'captured 6', 'release', 'commit 6 after 4']);
  coordinator.decline(5);
  expect(said()).toEqual([]);
});

it('three declines in a row stop the job and name the silent', () => {
  const { coordinator, world, said } = setup();
  world.silent = ['a', 'b'];
  for (const n of [5, 6, 7]) {
    coordinator.request();
    coordinator.decline(n);
  }
  expect(said().at(-1)).toBe('3 checkpoints in a row had no report of a, b');
  coordinator.request();
  expect(said()).toEqual([]);
});

it('the checkpoint of finished sources ends the run when it is durable', () => {
  const { coordinator, world, said, durable } = setup();
  world.finished = true;
  coordinator.request();
  said();
  durable(5);
  expect(said()).toEqual(['done 5']);
  coordinator.request();
  expect(said()).toEqual([]);
});

it('stop takes one more checkpoint, also while two are under way', () => {
  const { coordinator, said, durable } = setup();
  coordinator.request();
  coordinator.request();
  coordinator.stop();
  said();
  durable(5);
  said();
  durable(6);
  expect(said()).toEqual(['commit 7 after 6']);
  durable(7);
  expect(said()).toEqual(['done 7']);
});

it('a checkpoint is captured when what was reported has been read', () => {
  const { coordinator, world, said } = setup();
  world.reading = true;
  coordinator.request();
  expect(said()).toEqual(['hold', 'barrier 5']);
  expect(coordinator.lacks).toBe('its state to be read');
  coordinator.reported();
  coordinator.decline(5);
  expect(said()).toEqual([]);
  world.reading = false;
  coordinator.reported();
  expect(said()).toEqual(['captured 5', 'release', 'commit 5 after 4']);
});

it('a checkpoint that is overdue is declined only when nothing is being read, before the sources go on', () => {
  const { coordinator, world, said } = setup();
  world.silent = ['sink'];
  world.reading = true;
  coordinator.request();
  said();
  coordinator.decline(5);
  expect(said()).toEqual([]);
  world.reading = false;
  coordinator.reported();
  expect(said()).toEqual(['carry 5', 'release']);
});

it('once the last checkpoint has begun no other does, also while it is not durable', () => {
  for (const first of ['stop', 'end of time'] as const) {
    const { coordinator, world, said, durable } = setup();
    world.finished = first === 'end of time';
    if (first === 'stop') coordinator.stop();
    coordinator.request();
    expect(said()).toContain('barrier 5');
    world.finished = true;
    coordinator.request();
    coordinator.stop();
    expect(said()).toEqual([]);
    durable(5);
    expect(said()).toEqual(['done 5']);
  }
});
