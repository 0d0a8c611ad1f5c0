/** The matchers for Jest, under Jest itself. */
import { map, type Observable, of } from 'rxjs';
import { eventTimeTest, eventTimeTestAsync, MarbleError, script } from 'tidemark/testing';
import { marbleMatchers } from 'tidemark/testing/jest';

function thrownBy(task: () => void): Error {
  try {
    task();
  } catch (thrown) {
    return thrown as Error;
  }
  throw new Error('nothing was thrown');
}

describe('toEmitMarbles', () => {
  it(
    'takes marbles, values with asymmetric matchers, errors, blocks and scripts',
    eventTimeTest(({ stream, source, door }) => {
      const late = door('late');
      const in$ = stream('a@1 b@2 |', { a: { n: 1, at: new Date(5) }, b: { n: 2 } });
      expect(in$).toEmitMarbles('a@1 b@2 |');
      expect(in$).toEmitMarbles('x@1 y@2 |', {
        x: { n: expect.any(Number), at: expect.any(Date) },
        y: expect.objectContaining({ n: 2 }),
      });
      expect(source('#', {}, new TypeError('no'))).toEmitMarbles('#', {}, 'TypeError');
      expect(source('1 2').pipe(map(late))).toEmitMarbles(
        `
        out   x x
        late  1 2`,
        { x: undefined },
      );
      expect(of('v')).toEmitMarbles(script().together((s) => s.value('v').complete()));
    }),
  );
  it('fails at the line of the expectation, with the lanes', () => {
    const error = thrownBy(
      eventTimeTest(({ stream }) => expect(stream('a@1 b@2')).toEmitMarbles('a@1 b@3')),
    );
    expect(error).toBeInstanceOf(MarbleError);
    expect(error.message).toMatch(/^out, frame 1: /);
    const top = error.stack?.split('\n').find((l) => l.startsWith('    at '));
    expect(top).toContain('jest/index.test.ts');
  });
  it('works in an asynchronous test', async () => {
    const body = (out: string) =>
      eventTimeTestAsync(({ source }) => expect(source('a')).toEmitMarbles(out))();
    await body('a');
    await expect(body('b')).rejects.toThrow(MarbleError);
  });
  it('is an error outside a test, where it is negated, and of what is no stream', () => {
    const outside = () => expect(of(1)).toEmitMarbles('a');
    expect(thrownBy(outside).message).toContain('works only inside eventTimeTest');
    const negated = eventTimeTest(({ source }) => expect(source('a')).not.toEmitMarbles('b'));
    expect(thrownBy(negated).message).toContain('cannot be negated');
    const number = eventTimeTest(() => expect(1).toEmitMarbles('b'));
    expect(thrownBy(number).message).toContain(
      'toEmitMarbles: `actual` must be an Observable; got 1',
    );
  });
});

describe('toEmitFacts', () => {
  it(
    'takes facts',
    eventTimeTest(({ stream }) => {
      expect(stream('a@1 W4 |', { a: { n: 1 } })).toEmitFacts([
        { event: { n: expect.any(Number) }, time: 1, at: 0 },
        { watermark: 4 },
        { complete: true },
      ]);
    }),
  );
  it('fails where one is another, is an error outside and negated', () => {
    const body = eventTimeTest(({ stream }) =>
      expect(stream('W4')).toEmitFacts([{ watermark: 5 }]),
    );
    expect(thrownBy(body)).toBeInstanceOf(MarbleError);
    expect(thrownBy(() => expect(of(1)).toEmitFacts([])).message).toContain('works only inside');
    const negated = eventTimeTest(() => expect(of(1)).not.toEmitFacts([]));
    expect(thrownBy(negated).message).toContain('cannot be negated');
  });
});

describe('the import', () => {
  it('makes expectations of streams and doors count as assertions', () => {
    const { assertionCalls } = expect.getState();
    eventTimeTest(({ source, expectStream, door }) => {
      const any = door();
      expectStream(source('a').pipe(map(any))).toBe('x', { x: undefined });
      any.toBe('a');
    })();
    expect(expect.getState().assertionCalls - assertionCalls).toBe(2);
  });
  it('registers the snapshot serialiser', () => {
    eventTimeTest(({ stream, record, flush }) => {
      const out = record(stream('a@1 W4 |', { a: { n: 1 } }), 'kept');
      flush();
      expect(out).toMatchInlineSnapshot(`
frame  0    1   2
kept   a@1  W4  |

a = { n: 1 }
`);
    })();
  });
  it('gives the matchers to other runners', () => {
    expect(Object.keys(marbleMatchers)).toEqual(['toEmitMarbles', 'toEmitFacts']);
  });
});

it('has types that refuse what is no marble, and so does the matcher', () => {
  const in$: Observable<string> = of('a');
  // @ts-expect-error a number is no marble
  const wrong = eventTimeTest(() => expect(in$).toEmitMarbles(1));
  expect(thrownBy(wrong).message).toContain(
    '`marbles` must be marbles as text, or a script; got 1',
  );
});
