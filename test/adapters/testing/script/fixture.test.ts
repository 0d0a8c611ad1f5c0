/** Fixtures: what a line of JSON says, and which line and field is wrong. */
import { FixtureError, fixture, type Message, scriptError } from 'tidemark/testing';

const at = (text: string): number => Date.parse(text);

describe('a fixture', () => {
  it.each<[string, Message]>([
    [
      '{"at":0,"event":"a","time":5}',
      { kind: 'event', frame: 0, name: 'a', value: 'a', timestamp: 5 },
    ],
    [
      '{"at":0,"time":"-1h30m","value":null}',
      { kind: 'event', frame: 0, value: null, timestamp: -5_400_000 },
    ],
    [
      '{"at":2,"event":"a","time":"2026-03-29T00:59Z","value":{"n":1},"split":"p0","op":"-"}',
      {
        kind: 'event',
        frame: 2,
        name: 'a',
        value: { n: 1 },
        timestamp: at('2026-03-29T00:59Z'),
        split: 'p0',
        op: '-',
      },
    ],
    ['{"at":0,"value":{"~d":7}}', { kind: 'value', frame: 0, value: new Date(7) }],
    [
      '{"at":0,"value":{"~":"u"},"name":"x"}',
      { kind: 'value', frame: 0, name: 'x', value: undefined },
    ],
    ['{"at":"1m","watermark":"MAX"}', { kind: 'watermark', frame: 60_000, timestamp: Infinity }],
    ['{"at":1,"status":"idle"}', { kind: 'status', frame: 1, status: 'idle' }],
    ['{"at":1,"splits":["p0"]}', { kind: 'splits', frame: 1, splits: ['p0'] }],
    ['{"at":1,"barrier":3}', { kind: 'barrier', frame: 1, n: 3 }],
    ['{"at":1,"complete":true}', { kind: 'complete', frame: 1 }],
    ['{"at":1,"unsubscribe":true}', { kind: 'unsubscribe', frame: 1 }],
    ['{"at":1,"error":true}', { kind: 'error', frame: 1, error: scriptError }],
    [
      '{"at":1,"error":{"name":"RangeError","message":"x"}}',
      { kind: 'error', frame: 1, error: new RangeError('x') },
    ],
    ['{"at":1,"error":{"value":null}}', { kind: 'error', frame: 1, error: null }],
  ])('%s', (line, message) => {
    expect(fixture(line).messages).toEqual([message]);
  });
  it('makes an error of any name', () => {
    const [m] = fixture('{"at":1,"error":{"name":"OddError","message":"x"}}').messages;
    expect(m?.kind === 'error' && String(m.error)).toBe('OddError: x');
  });
  it('counts from its own epoch, else from the one it is given, and skips empty lines', () => {
    const line = '{"at":0,"watermark":5}\r\n\n';
    expect(fixture(line, { epoch: 100 }).messages).toMatchObject([{ timestamp: 105 }]);
    const own = fixture(`{"epoch":"1970-01-01T00:00:01Z"}\n${line}`, { epoch: 100 });
    expect([own.epoch, own.messages]).toMatchObject([1000, [{ timestamp: 1005 }]]);
    expect(fixture('{"epoch":-7}').epoch).toBe(-7);
  });
});

describe('a bad line is an error that names line and field', () => {
  it.each<[string, string | undefined, string]>([
    ['{"at":0,', undefined, 'fixture: line 2: is no JSON: '],
    ['[1]', undefined, 'fixture: line 2: must be an object; got [1]'],
    ['{"at":4}', undefined, 'fixture: line 2: must say what it is: event, value, watermark'],
    ['{"event":"a","time":5}', 'at', '`at` must be a frame (whole ms), 3 or later; got nothing'],
    ['{"at":2,"complete":true}', 'at', '3 or later; got 2'],
    ['{"at":3.5,"complete":true}', 'at', 'got 3.5'],
    ['{"at":3,"event":"a"}', 'time', '`time` must be a time: ms, a duration'],
    ['{"at":3,"event":"a","time":"noon"}', 'time', 'got "noon"'],
    ['{"at":3,"event":"a","time":0.5}', 'time', 'got 0.5'],
    ['{"at":3,"event":7,"time":5}', 'event', '`event` must be a string; got 7'],
    ['{"at":3,"time":5}', 'value', '`value` must be there, or `event`; got nothing'],
    ['{"at":3,"event":"a","time":5,"op":"+"}', 'op', '`op` must be "-"; got "+"'],
    ['{"at":3,"event":"a","time":5,"splt":"p"}', 'splt', '`splt` does not belong here'],
    ['{"at":3,"event":"a","time":5,"revision":[0.5]}', 'revision', 'must be a list of integers'],
    ['{"at":3,"event":"a","time":5,"replaces":[{}]}', 'replaces', 'must be a list of windows'],
    ['{"at":3,"watermark":"NaN"}', 'watermark', 'must be a time'],
    ['{"at":3,"status":"busy"}', 'status', '`status` must be "idle" or "active"; got "busy"'],
    ['{"at":3,"splits":"p0"}', 'splits', 'must be a list of texts'],
    ['{"at":3,"barrier":0}', 'barrier', 'must be an integer >= 1'],
    ['{"at":3,"complete":false}', 'complete', 'must be true; got false'],
    ['{"at":3,"error":"no"}', 'error', 'must be true, {"name", "message"} or {"value"}'],
    ['{"at":3,"value":{"~q":1}}', 'value', '`value` cannot be read back: codec: no such tag: "~q"'],
    ['{"epoch":5}', 'epoch', '`epoch` must be on the first line'],
  ])('%s', (line, field, message) => {
    let thrown: unknown;
    try {
      fixture(`{"at":3,"watermark":1}\n${line}`);
    } catch (e) {
      thrown = e;
    }
    expect(thrown).toBeInstanceOf(FixtureError);
    expect((thrown as Error).message).toContain(message);
    expect(thrown).toMatchObject({ name: 'FixtureError', line: 2, field });
  });
  it('an epoch that is no instant', () => {
    expect(() => fixture('{"epoch":"2026"}')).toThrow(
      'fixture: line 1: `epoch` must be an instant',
    );
  });
});

it('a fixture may begin with a byte order mark, and end its lines as Windows does', () => {
  const text = '\uFEFF{"at":0,"event":"a","time":5}\r\n\r\n{"at":1,"complete":true}\r\n';
  expect(fixture(text).toMarbles()).toBe('a@5 |');
});
