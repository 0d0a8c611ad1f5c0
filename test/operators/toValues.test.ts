/** toValues: values out of event time, and what becomes of withdrawals. */
import { map, of } from 'rxjs';
import { type Element, event, toValues } from 'tidemark';
import { eventTimeTest, operatorLaws } from 'tidemark/testing';

describe('toValues', () => {
  it(
    'gives the values of events and nothing else',
    eventTimeTest(({ stream, expectStream }) => {
      const in$ = stream('a@1 W0 idle active b@7 W∞ |');
      expectStream(in$.pipe(toValues())).toBe('a · · · b · |');
    }),
  );
  it(
    'errors at a withdrawal',
    eventTimeTest(({ stream, expectStream }) => {
      const message = "toValues: a withdrawal is no value; give `retractions: 'skip'` or `'mark'`";
      expectStream(stream('a@1 -a@1 b@2').pipe(toValues())).toBe('a #', {}, 'RetractionError');
      expectStream(stream('-a@1').pipe(toValues({ retractions: 'error' }))).toBe(
        '#',
        {},
        new RegExp(`^${message}$`),
      );
    }),
  );
  it(
    'drops withdrawals where told so',
    eventTimeTest(({ stream, expectStream }) => {
      const out$ = stream('a@1 -a@1 b@2').pipe(toValues({ retractions: 'skip' }));
      expectStream(out$).toBe('a · b');
    }),
  );
  it(
    'marks every value where told so',
    eventTimeTest(({ stream, expectStream }) => {
      const out$ = stream('a@1 -a@1 b@2').pipe(toValues({ retractions: 'mark' }));
      expectStream(out$).toBe('x y z', {
        x: { op: '+', value: 'a' },
        y: { op: '-', value: 'a' },
        z: { op: '+', value: 'b' },
      });
    }),
  );

  it(
    'refuses bare values',
    eventTimeTest(({ source, expectStream }) => {
      const message = /^toValues: needs elements; put watermark\(\) before it$/;
      expectStream(source<any>('a').pipe(toValues())).toBe('#', {}, message);
    }),
  );

  it('refuses a wrong option', () => {
    expect(() => toValues({ retractions: 'keep' as never })).toThrow(
      new TypeError("toValues: `retractions` must be 'error', 'skip' or 'mark'; got \"keep\""),
    );
  });

  it('infers its type from the pipe', () => {
    const in$ = of<Element<{ n: number }>>(event({ n: 1 }, 1));
    in$
      .pipe(
        toValues(),
        map((v) => v.n),
      )
      .subscribe((n) => n.toFixed());
    in$.pipe(toValues({ retractions: 'mark' })).subscribe((m) => (m.op === '-' ? 0 : m.value.n));
    // @ts-expect-error an element is no value
    of(event(1, 1)).pipe(map((v) => v + 1));
  });

  const laws = operatorLaws((in$) => in$.pipe(toValues()), 'a@1 b@2 W1 idle active c@9 W7 d@11', {
    without: { order: 'it passes no watermarks' },
  });
  it.each(laws)('$name', ({ check }) => check());
});
