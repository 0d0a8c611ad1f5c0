/** The state of watermark in the hand: driven by events and ticks, without a clock. */
import { messageOf } from '../../adapters/testing/script/message.js';
import { printMessage } from '../../adapters/testing/script/print.js';
import { type Element, event } from '../../lib/element.js';
import { WatermarkState, type WatermarkStateConfig } from '../../lib/watermarkState.js';
import { BoundedOutOfOrderness, type Generator } from '../../lib/watermarks.js';

function stateOf(config: Partial<WatermarkStateConfig<string>> = {}, now = 0) {
  const out: string[] = [];
  const down = { closed: false, next: (e: Element<string>) => void out.push(line(e)) };
  const state = new WatermarkState<string>(
    {
      generator: () => new BoundedOutOfOrderness(0),
      idleTimeoutMs: 10,
      onResume: 'ignore',
      maxSplits: 100,
      ownSplits: true,
      origin: 1,
      ...config,
    },
    down,
    now,
  );
  const send = (split: string | undefined, t: number, at: number, moves = true): string[] => {
    state.event(event('v', t, { split }), at, moves);
    return out.splice(0);
  };
  return { state, send, down, out, lines: () => out.splice(0) };
}

const line = (e: Element<string>): string => printMessage(messageOf(e, 0), String);

describe('the state of watermark', () => {
  it('tells its next deadline: that of the split that has been silent longest', () => {
    const { state, send } = stateOf();
    expect(state.deadline).toBe(Infinity);
    send('a', 1, 100);
    send('b', 1, 103);
    expect(state.deadline).toBe(110);
    send('a', 1, 105);
    expect(state.deadline).toBe(113);
    state.tick(113);
    expect(state.deadline).toBe(115);
    state.end();
    expect(state.deadline).toBe(Infinity);
  });

  it('handles the deadlines of one tick earliest first, each with its watermark', () => {
    const { state, send, lines } = stateOf();
    send('a', 5, 100);
    send('b', 9, 101);
    send('c', 7, 102);
    state.tick(120);
    expect(lines()).toEqual(['W6', 'W8', 'idle']);
  });

  it('does not flush when the last active split was left out', () => {
    const { state, send, lines } = stateOf();
    send('a', 5, 100);
    send('b', 9, 101);
    state.tick(110);
    expect(lines()).toEqual(['W8']);
    expect(send('a', 6, 110)).toEqual(['v@6/a']);
    expect(send('b', 20, 111)).toEqual(['v@20/b', 'W19']);
    expect(send('a', 7, 115)).toEqual(['v@7/a']);
    state.tick(130);
    expect(lines()).toEqual(['idle']);
    expect(state.w).toBe(19);
  });

  it('takes an event that may not move time for a sign of life, and for no more', () => {
    const { state, send } = stateOf({ ownSplits: false });
    send(undefined, 5, 0);
    expect(send(undefined, 500, 8, false)).toEqual(['v@500']);
    expect([state.w, state.deadline]).toEqual([4, 18]);
    expect(send('new', 500, 9, false)).toEqual(['v@500/new']);
    expect(send(undefined, 9, 9)).toEqual(['v@9']);
    expect(send('new', 7, 9)).toEqual(['v@7/new', 'W6']);
  });

  it('is active again when splits are declared or appear after the empty stream went idle', () => {
    const declared = stateOf({ ownSplits: false });
    declared.state.tick(10);
    declared.state.declare(['p'], 11);
    expect(declared.lines()).toEqual(['idle', 'active']);
    const undeclared = stateOf({ ownSplits: false });
    undeclared.state.tick(10);
    expect(undeclared.lines()).toEqual(['idle']);
    expect(undeclared.send('p', 5, 11)).toEqual(['active', 'v@5/p', 'W4']);
  });

  it('turns idle when a declared split stays silent, and active with a newly declared one', () => {
    const { state, lines } = stateOf({ ownSplits: false });
    state.declare(['p', 'q'], 0);
    state.tick(10);
    expect(lines()).toEqual(['idle']);
    state.declare(['p', 'q'], 12);
    expect(lines()).toEqual([]);
    state.declare(['r'], 13);
    expect(lines()).toEqual(['active']);
  });

  it('emits +∞ once, also while idle, and nothing but events after it', () => {
    const { state, send, lines } = stateOf({ ownSplits: false });
    state.tick(10);
    state.end();
    state.end();
    state.tick(99);
    state.declare(['p'], 100);
    expect(lines()).toEqual(['idle', 'W∞']);
    expect(send(undefined, 5, 101)).toEqual(['v@5']);
  });

  it('says nothing more once downstream has closed', () => {
    const { state, send, down, out } = stateOf();
    down.next = (e) => {
      out.push(line(e));
      down.closed = true;
    };
    expect(send('a', 5, 0)).toEqual(['v@5/a']);
    state.tick(99);
    expect(out).toEqual([]);
  });

  it('tells each watermark and status after it has left', () => {
    const { state, send, out } = stateOf({ ownSplits: false });
    const told: unknown[] = [];
    state.moved = (w, idle) => told.push([w, idle, out.at(-1)]);
    send(undefined, 5, 0);
    state.tick(10);
    state.end();
    expect(told).toEqual([
      [4, false, 'W4'],
      [4, true, 'idle'],
      [Infinity, true, 'W∞'],
    ]);
  });

  it('takes any generator: a W that falls, or none yet, changes nothing', () => {
    const given = [-Infinity, 7, 3, 8];
    const generator = (): Generator<string> => ({
      event: () => given.shift() as number,
      save: () => null,
      load: () => {},
    });
    const { send } = stateOf({ generator });
    const got = [1, 2, 3, 4].map((t) => send('a', t, 0).join(' '));
    expect(got).toEqual(['v@1/a', 'v@2/a W7', 'v@3/a', 'v@4/a W8']);
  });

  it('restores nothing from nothing', () => {
    const { state } = stateOf();
    expect(() => state.restore(new Map())).toThrow('is missing');
  });
});
