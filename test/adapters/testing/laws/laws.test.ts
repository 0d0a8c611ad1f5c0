/** The laws themselves: a right operator keeps every one, a wrong one breaks those of its fault. */
import { map, Observable, type Observer, Subscriber } from 'rxjs';
import {
  type Chunks,
  type Element,
  type Emitter,
  type EventElement,
  event,
  type Logic,
  newStats,
  stageOperator,
  UserFunctionError,
  watermark,
  watermarkAt,
} from 'tidemark';
import {
  assertOperatorLaws,
  type Build,
  type Law,
  type LawOptions,
  marbles,
  OperatorLawError,
  operatorLaws,
  script,
} from 'tidemark/testing';
import { lastPerKey } from './lastPerKey.js';

interface Fault {
  /** Does not save what it holds. */
  readonly forgets?: boolean;
  /** Saves what came, but not what was restored. */
  readonly savesOnce?: boolean;
  /** Counts no event as accepted. */
  readonly miscounts?: boolean;
}

/** Holds events until W passes them, numbers them on release. */
class Held implements Logic {
  readonly stats = newStats();
  private held: EventElement<unknown>[] = [];
  private restored: readonly EventElement<unknown>[] = [];
  private released = 0;

  constructor(
    private readonly down: Emitter<unknown>,
    private readonly fault: Fault,
  ) {}

  event(e: EventElement<unknown>): void {
    if (e.value === 'bad') throw new UserFunctionError('held', 'fn', new Error('bad'));
    this.stats.in++;
    if (!this.fault.miscounts) this.stats.accepted++;
    this.held.push(e);
  }

  advance(w: number): void {
    const due = this.held.filter((e) => e.timestamp <= w);
    this.held = this.held.filter((e) => e.timestamp > w);
    for (const e of due) {
      if (this.down.closed) return;
      this.released++;
      this.down.emit(event(`${e.value}${this.released}`, e.timestamp));
    }
  }

  waiting(): number {
    return this.held.length;
  }

  save(): Chunks {
    const kept = this.held.filter((e) => !this.fault.savesOnce || !this.restored.includes(e));
    const held = kept.map(({ value, timestamp }) => ({ value, timestamp }));
    const state = { held, released: this.released };
    return new Map(this.fault.forgets ? [] : [['held', state]]);
  }

  restore(chunks: Chunks): void {
    const saved = chunks.get('held') as {
      held: { value: unknown; timestamp: number }[];
      released: number;
    };
    if (saved === undefined) return;
    this.restored = saved.held.map((e) => event(e.value, e.timestamp));
    this.held = [...this.restored];
    this.released = saved.released;
  }
}

const holding =
  (fault: Fault = {}): Build =>
  (...inputs) =>
    stageOperator(inputs, { operator: 'held', id: 'held' }, (out) => new Held(out, fault));

const hold = holding();
const one = 'a@3 b@1 W1 idle active c@5 W4 W6 d@9 e@8';
const two = ['a@3 ·   ·  W4 ·   ·  W9', '·   b@2 W3 ·  c@7 W8 · '];
const bad: Build = (in$, ...more) =>
  hold(in$.pipe(map((e) => (e.kind === 'event' ? event('bad', e.timestamp) : e))), ...more);

describe('a right operator', () => {
  it.each(operatorLaws(hold, one, { throwing: bad }))('$name', ({ check }) => check());
  it.each(operatorLaws(hold, two))('of two inputs $name', ({ check }) => check());
  it('that a user has written keeps all at once', async () => {
    const build: Build = (in$) => in$.pipe(lastPerKey({ id: 'last', key: (v: string) => v }));
    await assertOperatorLaws(build, 'a@1 b@3 a@2 W2 b@1 c@9 W5 idle active a@5 a@7 W8');
  });
  it('with timers keeps them under the clock of the laws', async () => {
    const timed: Build = (in$: Observable<any>) =>
      in$.pipe(
        watermark({ id: 'w', timestamp: (v: string) => Number(v.slice(1)), idleTimeout: 50 }),
      );
    const without = { bare: 'a bare pipe has no virtual clock' };
    await assertOperatorLaws(timed, 'a1 b7 20ms c8 d9 40ms e12', { without });
    await assertOperatorLaws(timed, 'a1 b7 90ms c9 60ms d12', { without });
    expect(await brokenBy(timed, 'a1 b7 90ms c9')).toEqual(['bare']);
  });
});

type Speak = (out: Subscriber<unknown>) => Partial<Observer<unknown>>;

/** The same operator with another way to speak, linked to its destination as it should be. */
function over(build: Build, speak: Speak): Build {
  return (...inputs) =>
    new Observable((out) => {
      const { next, error, complete } = speak(out);
      const between = new Subscriber({
        next: next ?? ((x) => out.next(x)),
        error: error ?? ((e: unknown) => out.error(e)),
        complete: complete ?? (() => out.complete()),
      });
      out.add(between);
      build(...inputs).subscribe(between);
    });
}

const isEvent = (x: unknown): x is EventElement<string> => (x as Element<unknown>).kind === 'event';

/** Passes everything, and ends time. */
const passing: Build = over(
  (in$) => in$,
  (out) => ({
    complete: () => {
      out.next(watermarkAt(Infinity));
      out.complete();
    },
  }),
);

/** The guide's recipe: no link to the destination. */
const unlinked = (in$: Observable<any>): Observable<any> =>
  new Observable((out) => {
    in$.subscribe({
      next: (x) => out.next(x),
      error: (e) => out.error(e),
      complete: () => out.complete(),
    });
  });

/** The law of each comes first where one fault cannot but break several. */
const faults: readonly [string, readonly Law[], Build][] = [
  [
    'speaks over silence',
    ['never', 'empty', 'reentrant', 'cut'],
    over(hold, (out) => {
      out.next(event('x', 0));
      return {};
    }),
  ],
  ['never completes', ['empty', 'order', 'completion'], over(hold, () => ({ complete: () => {} }))],
  [
    'flushes on error',
    ['error'],
    over(hold, (out) => ({
      error: (e) => {
        out.next(event('flushed', 0));
        out.error(e);
      },
    })),
  ],
  [
    'makes another error of an error',
    ['error'],
    over(hold, (out) => ({ error: (e) => out.error(new Error((e as Error).message)) })),
  ],
  [
    'does not stop its source',
    ['endless', 'unsubscribed', 'unsubscribed inside'],
    (in$) => hold(unlinked(in$)),
  ],
  [
    'interleaves what arrives while it emits',
    ['reentrant'],
    over(passing, (out) => ({
      next: (x) => {
        out.next(x);
        if (isEvent(x)) out.next(x);
      },
    })),
  ],
  ['shares its state', ['subscriptions'], numbered],
  [
    'lets W overtake its results',
    ['order'],
    over(hold, (out) => {
      const late: unknown[] = [];
      return {
        next: (x) => {
          if (isEvent(x)) return void late.push(x);
          out.next(x);
          for (const e of late.splice(0)) out.next(e);
        },
      };
    }),
  ],
  ['miscounts', ['counters'], holding({ miscounts: true })],
  [
    'does otherwise in a job',
    ['bare'],
    over(passing, (out) => {
      let inJob = false;
      return {
        next: (x) => {
          inJob ||= (x as Element<unknown>).kind === 'restore';
          out.next(inJob && isEvent(x) ? event('x', x.timestamp) : x);
        },
      };
    }),
  ],
  ['forgets its state', ['cut'], holding({ forgets: true })],
  ['forgets what it was given back', ['cut'], holding({ savesOnce: true })],
  [
    'lets a barrier pass twice',
    ['cut'],
    over(hold, (out) => ({
      next: (x) => {
        out.next(x);
        if ((x as Element<unknown>).kind === 'barrier') out.next(x);
      },
    })),
  ],
  ['lets no barrier pass', ['cut'], without('barrier')],
  ['lets no restore pass', ['cut'], without('restore')],
];

/** Holds, and keeps the elements of a kind to itself. */
function without(kind: Element<unknown>['kind']): Build {
  return over(hold, (out) => ({
    next: (x) => {
      if ((x as Element<unknown>).kind !== kind) out.next(x);
    },
  }));
}

/** Numbers its subscriptions. */
function numbered(in$: Observable<Element<string>>): Observable<unknown> {
  let n = 0;
  return new Observable((out) => {
    const mine = ++n;
    const numbering = over(passing, () => ({
      next: (x) => out.next(isEvent(x) ? event(`${x.value}${mine}`, x.timestamp) : x),
    }));
    numbering(in$).subscribe(out);
  });
}

async function brokenBy(
  build: Build,
  script: string,
  options: LawOptions = {},
): Promise<readonly Law[]> {
  const broken: Law[] = [];
  for (const { law, check } of operatorLaws(build, script, options)) {
    await check().catch((e: unknown) => {
      expect(e).toBeInstanceOf(OperatorLawError);
      broken.push(law);
    });
  }
  return broken;
}

describe('a wrong operator', () => {
  it.each(faults)('that %s breaks the laws of its fault, and no other', async (_, laws, build) => {
    expect(await brokenBy(build, one)).toEqual(laws);
  });
  it('that does not name itself where a function throws breaks that law', async () => {
    const throwing = (in$: Observable<any>): Observable<unknown> =>
      hold(
        in$.pipe(
          map(() => {
            throw new Error('no');
          }),
        ),
      );
    expect(await brokenBy(hold, one, { throwing })).toEqual(['throws']);
    expect(await brokenBy(hold, one, { throwing: hold })).toEqual(['throws']);
  });
  it('is found whatever it throws', async () => {
    const build = (): never => {
      throw new TypeError('no operator');
    };
    const [first] = operatorLaws(build, one);
    await expect(first?.check()).rejects.toMatchObject({
      law: 'never',
      message: expect.stringContaining('TypeError: no operator'),
      cause: new TypeError('no operator'),
    });
  });
});

describe('a broken law', () => {
  const forgetful = holding({ forgets: true });

  it('is told with the cut, and the lines side by side', async () => {
    const error = await assertOperatorLaws(forgetful, 'a@3 W1 b@4 W3 c@9 W8').catch(
      (e: unknown) => e as any,
    );
    expect(error).toBeInstanceOf(OperatorLawError);
    expect(error.message).toMatchInlineSnapshot(`
"operator law \`cut\` is broken (an operator goes on after a restore at every cut as if nothing had happened):
cut before step 2 of 7, \`W1\` of input 0
     expected  received
  1  W1        W1
> 2  'a1'@3    W3
  3  W3        'b1'@4
  4  'b2'@4    W8
  5  W8        'c2'@9
  6  'c3'@9    W∞
  7  W∞        |
… and 1 more"
`);
    expect([error.law, error.name]).toEqual(['cut', 'OperatorLawError']);
    expect(error.expected.slice(0, 2)).toEqual(['W1', "'a1'@3"]);
  });
  it('is told with the others that are broken', async () => {
    const silent = over(hold, () => ({ complete: () => {} }));
    const error = await assertOperatorLaws(silent, one).catch((e: unknown) => e as any);
    expect(error.message.match(/operator law `\w+` is broken/g)).toEqual([
      'operator law `empty` is broken',
      'operator law `order` is broken',
      'operator law `completion` is broken',
    ]);
  });
  it('shows the line that asked for it', async () => {
    const [law] = operatorLaws(forgetful, one).filter((l) => l.law === 'cut');
    const errors = [await law?.check().catch((e: unknown) => e as any)];
    errors.push(await assertOperatorLaws(forgetful, one).catch((e: unknown) => e as any));
    for (const { stack, message } of errors) {
      expect(stack.slice(stack.indexOf(message) + message.length)).toMatch(/^\n.*laws\.test\.ts/);
    }
  });
  it('is told in part where there is much of it', async () => {
    const many = Array.from({ length: 40 }, (_, i) => `a${i}@${i + 1}`).join(' ');
    const error = await assertOperatorLaws(forgetful, `${many} W99`).catch(
      (e: unknown) => e as any,
    );
    expect(error.message).toContain('… and 37 more');
  });
});

describe('the script of the laws', () => {
  it('is marbles, a script, messages, or one of them for each input', async () => {
    const built = script().event('a', { at: 3 }).watermark(4).event('b', { at: 9 }).watermark(9);
    const text = marbles('a@3 W4 b@9 W9');
    for (const s of [built, built.messages, text, [built], [text.messages], ['a@3 W4', built]]) {
      await assertOperatorLaws(hold, s as never);
    }
  });
  it('ends its inputs where it says so, else at its end', async () => {
    await assertOperatorLaws(hold, ['a@3 W4 |', '· b@2 W3 · · c@9 W10 · d@12']);
  });
  it('has neither errors nor barriers: the laws send them', () => {
    for (const s of ['a@1 #', script().barrier()]) {
      expect(() => operatorLaws(hold, s)).toThrow(
        'operatorLaws: `script` must be of events, watermarks and status',
      );
    }
  });
  it('may be of bare values, with their values, and of undefined', async () => {
    const lift: Build = (in$) =>
      in$.pipe(watermark({ id: 'w', timestamp: (v: number | undefined) => v ?? 5 }));
    await assertOperatorLaws(lift, 'a b c', { values: { a: 1, b: undefined, c: 7 } });
  });
  it('leaves out laws that cannot hold, and those that nobody asks for', () => {
    const laws = (o: LawOptions): Law[] => operatorLaws(hold, one, o).map((l) => l.law);
    const usual = laws({});
    expect(usual).toHaveLength(13);
    expect(laws({ throwing: bad })).toEqual([...usual, 'throws']);
    expect(laws({ inJob: false })).toEqual(usual.filter((l) => l !== 'bare'));
    expect(laws({ without: { cut: 'a reason' } })).toEqual(usual.filter((l) => l !== 'cut'));
  });
});
