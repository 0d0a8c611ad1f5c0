/** The matrix itself: a right operator keeps every row, a wrong one breaks that of its fault. */
import { map, Observable, Subscriber } from 'rxjs';
import { type Chunks, type Element, type EventElement, event } from '../lib/element.js';
import { UserFunctionError } from '../lib/errors.js';
import { combineInputs } from '../lib/operate.js';
import { type Emitter, type Logic, Stage } from '../lib/stage.js';
import { newStats } from '../lib/stats.js';
import type { Inputs, Make, Script } from './drive.js';
import { Matrix, operatorMatrix } from './matrix.js';

/** Holds events until W passes them, numbers them on release. */
class Held implements Logic {
  readonly stats = newStats();
  private held: EventElement<unknown>[] = [];
  private released = 0;

  constructor(
    private readonly down: Emitter<unknown>,
    private readonly saves: boolean,
  ) {}

  event(e: EventElement<unknown>): void {
    if (e.value === 'bad') throw new UserFunctionError('held', 'fn', new Error('bad'));
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
    return new Map(
      this.saves
        ? [
            [
              'held',
              {
                held: this.held.map(({ value, timestamp }) => ({ value, timestamp })),
                released: this.released,
              },
            ],
          ]
        : [],
    );
  }

  restore(chunks: Chunks): void {
    const saved = chunks.get('held') as {
      held: { value: unknown; timestamp: number }[];
      released: number;
    };
    if (saved === undefined) return;
    this.held = saved.held.map((e) => event(e.value, e.timestamp));
    this.released = saved.released;
  }
}

function holding(saves: boolean): Make {
  return (inputs, id) =>
    combineInputs<Element<unknown>>(inputs, (out) => {
      const down: Emitter<unknown> = {
        emit: (e) => out.next(e),
        get closed() {
          return out.closed;
        },
      };
      const stage = new Stage(
        { operator: 'held', id, inputs: inputs.length },
        new Held(down, saves),
        out,
      );
      return { next: (e, i) => stage.next(e, i), complete: (i) => stage.complete(i) };
    });
}

const hold = holding(true);
const one: Script = { inputs: ['a@3 b@1 W1 idle active c@5 W4 W6 d@9 e@8'] };
const two: Script = { inputs: ['a@3 ·   ·  W4 ·   ·  W9', '·   b@2 W3 ·  c@7 W8 · '] };
const bad: Make = ([in$, other$], id) =>
  hold([in$.pipe(map((e) => (e.kind === 'event' ? event('bad', e.timestamp) : e))), other$], id);

describe('a right operator', () => {
  operatorMatrix('held', hold, one, { throwing: bad });
  operatorMatrix('held of two inputs', hold, two);
});

/** The guide's recipe: no link to the destination, no queue. */
const unlinked: Make = ([in$]) =>
  new Observable((out) => {
    in$.subscribe({
      next: (x) => out.next(x),
      error: (e) => out.error(e),
      complete: () => out.complete(),
    });
  });

function over(make: Make, change: (out: Subscriber<unknown>) => Subscriber<unknown>): Make {
  return (inputs, id) => new Observable((out) => make(inputs, id).subscribe(change(out)));
}

describe('a wrong operator', () => {
  const rows: readonly [string, (m: Matrix) => Promise<void>, Make][] = [
    [
      'speaks over silence',
      (m) => m.never(),
      (inputs) =>
        new Observable((out) => {
          out.next(event('x', 0));
          inputs[0].subscribe(out);
        }),
    ],
    ['never completes', (m) => m.empty(), () => new Observable()],
    [
      'flushes on error',
      (m) => m.error(),
      over(
        hold,
        (out) =>
          new Subscriber({
            next: (x) => out.next(x),
            complete: () => out.complete(),
            error: (e: unknown) => {
              out.next(event('flushed', 0));
              out.error(e);
            },
          }),
      ),
    ],
    ['does not stop its source', (m) => m.endless(), unlinked],
    ['keeps its source', (m) => m.unsubscribed(), unlinked],
    ['goes on after an unsubscription inside next', (m) => m.unsubscribedInside(), unlinked],
    ['interleaves what arrives while it emits', (m) => m.reentrant(), doubled],
    ['shares its state', (m) => m.twice(), counting],
    [
      'lets W overtake its results',
      (m) => m.order(),
      (inputs) => delayed(hold(inputs, 'operator')),
    ],
    [
      'speaks after completion',
      (m) => m.completes(),
      (inputs) =>
        new Observable((out) => {
          inputs[0].subscribe({ next: (x) => out.next(x) });
          out.next(event('x', 0));
        }),
    ],
    ['forgets its state', (m) => m.cut(), holding(false)],
    ['does not name itself', (m) => m.throws(), hold],
  ];
  it.each(rows)('that %s is found', async (_, row, make) => {
    await expect(row(new Matrix(make, one, { throwing: make }))).rejects.toThrow();
  });
});

/** Sends every element twice, without a queue. */
function doubled([in$]: Inputs): Observable<unknown> {
  return new Observable((out) =>
    in$.subscribe({
      next: (x) => {
        out.next(x);
        out.next(x);
      },
      complete: () => out.complete(),
    }),
  );
}

/** Counts in one variable for all subscriptions. */
function counting([in$]: Inputs): Observable<unknown> {
  let n = 0;
  return new Observable((out) =>
    in$.subscribe({
      next: () => out.next(event(n++, n)),
      complete: () => out.complete(),
    }),
  );
}

/** Sends each element only when the next one has come. */
function delayed(in$: Observable<unknown>): Observable<unknown> {
  return new Observable((out) => {
    let last: unknown;
    return in$.subscribe({
      next: (x) => {
        const e = x as Element<unknown>;
        if (e.kind === 'event') {
          if (last !== undefined) out.next(last);
          last = x;
        } else out.next(x);
      },
      complete: () => {
        out.next(last);
        out.complete();
      },
    });
  });
}
