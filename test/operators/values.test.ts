/** values: ordinary operators inside event time, in the turn of each event and not outside it. */
import {
  bufferCount,
  delay,
  filter,
  finalize,
  map,
  mergeMap,
  type OperatorFunction,
  of,
  pairwise,
  reduce,
  Subject,
  scan,
  startWith,
  take,
  tap,
} from 'rxjs';
import {
  dedupe,
  type Element,
  event,
  toValues,
  UserFunctionError,
  values,
  watermark,
  watermarkAt,
} from 'tidemark';
import { type Build, eventTimeTest, harness, operatorLaws } from 'tidemark/testing';

const upper = map((v: string) => v.toUpperCase());

describe('values', () => {
  it(
    'gives what the operators emit the time of the event; watermarks and status pass around',
    eventTimeTest(({ stream, expectStream }) => {
      const in$ = stream('a@1 W0 b@7 idle active -c@3 W9 |');
      expectStream(in$.pipe(values(upper))).toBe('A@1 W0 B@7 idle active -C@3 W9 (W∞ |)');
    }),
  );
  it(
    'lets them emit nothing, or many',
    eventTimeTest(({ stream, expectStream }) => {
      const in$ = stream('a@1 b@7 W4 c@5');
      const out$ = in$.pipe(
        values(
          filter((v) => v !== 'b'),
          mergeMap((v) => [v, `${v}2`]),
        ),
      );
      expectStream(out$).toBe('(a@1 a2@1) · W4 (c@5 c2@5)');
    }),
  );
  it(
    'lets them remember',
    eventTimeTest(({ stream, expectStream }) => {
      const in$ = stream('a@1 b@7 c@5');
      expectStream(in$.pipe(values(scan((all, v) => all + v, '')))).toBe('a@1 ab@7 abc@5');
      expectStream(
        in$.pipe(
          values(
            pairwise(),
            map((p) => p.join('')),
          ),
        ),
      ).toBe('· ab@7 bc@5');
    }),
  );
  it(
    'completes, with W∞, when they complete',
    eventTimeTest(({ stream, expectStream }) => {
      expectStream(stream('a@1 W0 b@7 c@8').pipe(values(take(2)))).toBe('a@1 W0 (b@7 W∞ |)');
      expectStream(stream('a@1').pipe(values(take(0)))).toBe('(W∞ |)');
    }),
  );
  it(
    'sends one W∞ where the source has sent it',
    eventTimeTest(({ stream, expectStream }) => {
      expectStream(stream('a@1 W∞ |').pipe(values(upper))).toBe('A@1 W∞ |');
    }),
  );
  it(
    'passes the error of the source as it is',
    eventTimeTest(({ stream, expectStream }) => {
      expectStream(stream('a@1 #').pipe(values(upper))).toBe('A@1 #');
    }),
  );
  it(
    'without operators changes nothing',
    eventTimeTest(({ stream, expectStream }) => {
      expectStream(stream('a@1 W0 |').pipe(values())).toBe('a@1 W0 (W∞ |)');
    }),
  );

  it('keeps split, revision, op and replaces', () => {
    const more = {
      split: 'p',
      revision: [3, 1],
      op: '-',
      replaces: [{ start: 0, end: 5 }],
    } as const;
    const h = harness((in$) => in$.pipe(values(upper)));
    expect(h.push('a', 7, more)).toBe('-A@7/p');
    expect(h.take()).toEqual([{ kind: 'event', frame: 0, value: 'A', timestamp: 7, ...more }]);
  });

  it('ends time under the origin that it had', () => {
    const got: Element<string>[] = [];
    of(watermarkAt(3, 42), event('a', 7))
      .pipe(values(take(1)))
      .subscribe((e) => got.push(e));
    expect(got[2]).toEqual(watermarkAt(Infinity, 42));
  });

  it('passes barrier and restore, and keeps nothing for a job', () => {
    const h = harness((in$) =>
      in$.pipe(values(upper), dedupe({ id: 'below', key: (v: string) => v })),
    );
    expect(h.members.map((m) => m.id)).toEqual(['below']);
    expect(h.barrier()).toBe('barrier#1');
    const alone = harness((in$) => in$.pipe(values(upper)));
    expect(alone.barrier()).toBe('barrier#1');
    expect(() => alone.snapshot()).toThrow('no operator has registered');
  });

  it.each<[string, OperatorFunction<string, unknown>, string]>([
    ['while they complete', reduce((a, v) => a + v), 'while it completed'],
    ['of a half-filled buffer', bufferCount(3), 'while it completed'],
    ['before the first event', startWith('z'), 'outside the turn of an event'],
  ])('refuses an emission %s', (_, op, when) => {
    const h = harness((in$) => in$.pipe(values(op)));
    h.play('a@1 b@2 |');
    const hint = 'use mapAsync, or an operator of this library';
    expect(h.outputs.map((m) => (m.kind === 'error' ? String(m.error) : m))).toEqual([
      `AsyncInValuesError: values: an operator emitted ${when}; ${hint}`,
    ]);
  });
  it(
    'refuses an emission at a later time',
    eventTimeTest(({ stream, expectStream }) => {
      const out$ = stream('a@1 W5 b@6').pipe(values(delay(2)));
      expectStream(out$).toBe('· W5 #', {}, 'AsyncInValuesError');
    }),
  );
  it('refuses an emission in the turn of a watermark', () => {
    const other$ = new Subject<string>();
    const h = harness((in$) =>
      in$.pipe(
        values(mergeMap(() => other$)),
        tap((e) => e.kind === 'watermark' && other$.next('late')),
      ),
    );
    h.push('a', 1);
    expect(h.watermark(1)).toMatch(/^#'AsyncInValuesError: values: .*'$/);
  });

  it(
    'names itself when a function throws, and passes nothing after it',
    eventTimeTest(({ stream, expectStream }) => {
      const fail = map((v: string) => {
        if (v === 'b') throw new Error('no');
        return v;
      });
      const out$ = stream('a@1 b@2 c@3').pipe(values(fail));
      const error = new UserFunctionError('values', 'ops', new Error('no'));
      expect([error.name, error.message]).toEqual(['UserFunctionError', 'values: `ops` threw: no']);
      expectStream(out$).toBe('a@1 #', {}, error);
    }),
  );

  it('lets go of the operators when it is unsubscribed', () => {
    let ended = 0;
    const h = harness((in$) => in$.pipe(values(finalize(() => ended++))));
    expect(h.observed()).toBe(true);
    h.unsubscribe();
    expect([ended, h.observed()]).toEqual([1, false]);
  });

  it(
    'refuses bare values',
    eventTimeTest(({ source, expectStream }) => {
      const message = /^values: needs elements; put watermark\(\) before it$/;
      expectStream(source<any>('a').pipe(values(upper))).toBe('#', {}, message);
    }),
  );

  it('infers its types in a plain pipe, and map on elements does not compile', () => {
    const clicks$ = of({ user: 'u', at: 5, tags: ['x'] });
    const lifted$ = clicks$.pipe(watermark({ timestamp: (c) => c.at }));
    const users$ = lifted$.pipe(
      values(
        filter((c) => c.at > 0),
        map((c) => c.user),
      ),
      toValues(),
    );
    users$.subscribe((user) => user.length);
    const inOne$ = clicks$.pipe(
      watermark({ timestamp: (c) => c.at }),
      values(map((c) => c.tags.length)),
      toValues(),
    );
    inOne$.subscribe((n) => n.toFixed());
    // @ts-expect-error map sees elements, not values
    lifted$.pipe(map((c) => c.user));
    // @ts-expect-error a value has no such field
    lifted$.pipe(values(map((c) => c.nobody)));
  });

  const withoutB: Build = (in$) =>
    in$.pipe(
      values(
        upper,
        filter((v) => v !== 'B'),
      ),
    );
  const throwing: Build = (in$) =>
    in$.pipe(
      values(
        map(() => {
          throw new Error('no');
        }),
      ),
    );
  const laws = operatorLaws(withoutB, 'a@1 b@2 W1 idle active c@9 W7 d@11', { throwing });
  it.each(laws)('$name', ({ check }) => check());
});
