/** Asynchronous stages: a barrier never overtakes work that came before it, and nothing overtakes a barrier. */
import { Subject } from 'rxjs';
import type { Chunks } from '../../lib/chunks.js';
import {
  barrierAt,
  type Element,
  type EventElement,
  event,
  restoreWith,
  watermarkAt,
} from '../../lib/element.js';
import type { Emitter, Logic } from '../../lib/logic.js';
import type { Membership } from '../../lib/membership.js';
import { stageOperator } from '../../lib/operate.js';
import { newStats } from '../../lib/stats.js';
import { settled } from './virtualTime.js';

/** Emits each event when a test says so. */
class Slow implements Logic {
  readonly stats = newStats();
  readonly work: (() => void)[] = [];
  private membership: Membership | undefined;
  private waits: (() => void)[] = [];

  constructor(private readonly out: Emitter<string>) {}

  joined(membership: Membership): void {
    this.membership = membership;
  }
  event(e: EventElement<unknown>): void {
    this.work.push(() => this.out.emit(e as EventElement<string>));
    this.membership?.pending(this.work.length);
  }
  whenSettled(then: () => void): void {
    if (this.work.length === 0) then();
    else this.waits.push(then);
  }
  finish(): void {
    this.work.shift()?.();
    this.membership?.pending(this.work.length);
    if (this.work.length === 0) for (const told of this.waits.splice(0)) told();
  }
  advance(): void {}
  waiting(): number {
    return this.work.length;
  }
  save(): Chunks {
    return new Map([['open', this.work.length]]);
  }
  restore(): void {}
}

function make() {
  const input = new Subject<Element<string>>();
  const log: string[] = [];
  let slow!: Slow;
  const member = {
    restored: undefined,
    finished: (state: () => Chunks) => log.push(`left with ${state().get('open')}`),
    advanced: () => {},
    pending: (count: number) => log.push(`pending ${count}`),
    clock: { now: () => 0, running: () => 0 },
  };
  stageOperator<string>([input], { operator: 'slow', id: 'slow' }, (out) => {
    slow = new Slow(out);
    return slow;
  }).subscribe({
    next: (e) => {
      if (e.kind === 'event') log.push(e.value);
      else if (e.kind === 'watermark') log.push(`W${e.timestamp}`);
      else if (e.kind === 'barrier') log.push(`|${e.n}|`);
    },
    complete: () => log.push('complete'),
  });
  input.next(restoreWith(() => member));
  const report = (_: string, state: () => Chunks) => log.push(`saved with ${state().get('open')}`);
  const send = {
    event: (value: string) => input.next(event(value, 5)),
    barrier: (n: number) => input.next(barrierAt(n, report)),
    watermark: (w: number) => input.next(watermarkAt(w)),
    complete: () => input.complete(),
  };
  return { log, slow, ...send };
}

it('a barrier passes at once where nothing is open', () => {
  const { log, barrier } = make();
  barrier(1);
  expect(log).toEqual(['saved with 0', '|1|']);
});

it('a barrier waits for what came before it, and what comes after it waits behind', async () => {
  const { log, slow, event, barrier, watermark } = make();
  event('a');
  barrier(1);
  event('b');
  barrier(2);
  event('c');
  watermark(9);
  expect(slow.work).toHaveLength(1);
  expect(log.at(-1)).toBe('pending 5');
  slow.finish();
  await settled();
  slow.finish();
  await settled();
  slow.finish();
  await settled();
  expect(log.filter((line) => !line.startsWith('pending'))).toEqual([
    ...['a', 'saved with 0', '|1|', 'b', 'saved with 0', '|2|', 'W9', 'c'],
  ]);
  expect(log.at(-1)).toBe('pending 0');
});

it('the end waits too: what leaves a job has finished', async () => {
  const { log, slow, event, complete } = make();
  event('a');
  complete();
  expect(log).not.toContain('complete');
  slow.finish();
  await settled();
  expect(log.slice(-4)).toEqual(['pending 0', 'left with 0', 'complete', 'left with 0']);
});
