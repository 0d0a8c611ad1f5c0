/** stageOperator: a pure state as an observable of elements. */
import { from, Observable, of, Subject, take } from 'rxjs';
import {
  type Chunks,
  type Element,
  type EventElement,
  event,
  watermarkAt,
} from '../../lib/element.js';
import { stageOperator } from '../../lib/operate.js';
import type { Emitter, Logic } from '../../lib/stage.js';
import { newStats, type Stats } from '../../lib/stats.js';

/** Emits every event, and one more when W rises. */
class Echo implements Logic {
  readonly stats = newStats();
  constructor(private readonly out: Emitter<string>) {}
  event(e: EventElement<string>, input: number): void {
    this.stats.in++;
    this.out.emit(event(`${input}${e.value}`, e.timestamp));
  }
  advance(w: number): void {
    this.out.emit(event('w', w));
  }
  waiting(): number {
    return 0;
  }
  save(): Chunks {
    return new Map();
  }
  restore(): void {}
}

function echo(
  inputs: readonly Observable<Element<string>>[],
  stats?: (s: Stats) => void,
): Observable<Element<string>> {
  return stageOperator<string>(inputs, { operator: 'echo', stats }, (out) => new Echo(out));
}

function shown(e: Element<string>): string {
  if (e.kind === 'event') return e.value;
  return e.kind === 'watermark' ? `W${e.timestamp}` : e.kind;
}

describe('stageOperator', () => {
  it('lets a watermark leave after what it released, and +∞ before completion', () => {
    const got: string[] = [];
    echo([of(event('a', 1), watermarkAt(1))]).subscribe({
      next: (e) => got.push(shown(e)),
      complete: () => got.push('|'),
    });
    expect(got).toEqual(['0a', 'w', 'W1', 'w', 'WInfinity', '|']);
  });

  it('joins two inputs by the least watermark', () => {
    const [a, b] = [new Subject<Element<string>>(), new Subject<Element<string>>()];
    const got: string[] = [];
    echo([a, b]).subscribe((e) => got.push(shown(e)));
    a.next(event('x', 1));
    b.next(event('y', 1));
    a.next(watermarkAt(5));
    b.next(watermarkAt(3));
    expect(got).toEqual(['0x', '1y', 'w', 'W3']);
  });

  it('gives each subscription its own state and tells the stats door once for each', () => {
    const doors: Stats[] = [];
    const stream = echo([of(event('a', 1), event('b', 2))], (s) => doors.push(s));
    expect(doors).toHaveLength(0);
    stream.subscribe();
    stream.subscribe();
    expect(doors).toHaveLength(2);
    expect(doors[0]).not.toBe(doors[1]);
    expect(doors.map((s) => [s.in, s.out])).toEqual([
      [2, 3],
      [2, 3],
    ]);
  });

  it('refuses a value that is no element, and says what to do', () => {
    const errors: unknown[] = [];
    const forged = { kind: 'watermark', timestamp: 5, origin: 0 };
    for (const value of [1, null, 'a', forged]) {
      echo([of(value) as Observable<any>]).subscribe({ error: (e) => errors.push(e) });
    }
    expect(errors.map(String)).toEqual(
      Array(4).fill('TypeError: echo: needs elements; put watermark() before it'),
    );
  });

  it('stops an endless synchronous source when downstream has enough', () => {
    let pulled = 0;
    const endless = new Observable<Element<string>>((s) => {
      while (!s.closed && pulled < 1000) s.next(event('a', pulled++));
    });
    let live: Stats | undefined;
    echo([endless], (s) => {
      live = s;
    })
      .pipe(take(3))
      .subscribe();
    expect(pulled).toBe(3);
    expect(live?.out).toBe(3);
  });

  it('sends the error of an input on', () => {
    const errors: unknown[] = [];
    const bad = new Observable<Element<string>>((s) => s.error('x'));
    echo([from([event('a', 1)]), bad]).subscribe({ error: (e) => errors.push(e) });
    expect(errors).toEqual(['x']);
  });
});
