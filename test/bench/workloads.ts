/** What is measured: each workload as an operator pipeline, beside what its cost is compared with. */
import { Observable } from 'rxjs';
import { count, eventTimeWindow, max, sliding, sum, tumbling, watermark } from 'tidemark';
import {
  type Checksum,
  DISORDER_MS,
  drive,
  type Item,
  slidingByHand,
  tumblingByHand,
} from './reference.js';

/** Runs over `count` events and puts its results into the checksum. */
export type Run = (count: number, out: Checksum) => void;

export interface Workload {
  readonly name: string;
  readonly question: string;
  /** At most this many times the cost of `against`. */
  readonly must: number;
  readonly measured: Run;
  readonly against: Run;
  /** Gives the results that `measured` must have. */
  readonly expected: Run;
  /** Gives the results that `against` must have. */
  readonly expectedAgainst: Run;
}

const TUMBLING_KEYS = 1000;
/* Every key has an event in each second, so that both sizes give one result a key and second. */
const SLIDING_KEYS = 100;

function events(n: number, keys: number): Observable<Item> {
  return new Observable((out) => {
    drive(n, keys, (item) => out.next(item));
    out.complete();
  });
}

const inTime = () => watermark<Item>({ timestamp: (e) => e.ts, outOfOrderness: DISORDER_MS });

function tumblingByOperator(n: number, out: Checksum): void {
  const windows = eventTimeWindow({
    key: (e: Item) => e.key,
    window: tumbling('10s'),
    aggregate: { count: count(), sum: sum((e: Item) => e.value), max: max((e: Item) => e.value) },
  });
  events(n, TUMBLING_KEYS)
    .pipe(inTime(), windows)
    .subscribe((e) => {
      if (e.kind !== 'event') return;
      const { key, window, value } = e.value;
      out.add(key, window.start, value.count, value.sum, value.max);
    });
}

function slidingByOperator(seconds: number): Run {
  return (n, out) => {
    const windows = eventTimeWindow({
      key: (e: Item) => e.key,
      window: sliding(seconds * 1000, '1s'),
      aggregate: { sum: sum((e: Item) => e.value) },
    });
    events(n, SLIDING_KEYS)
      .pipe(inTime(), windows)
      .subscribe((e) => {
        if (e.kind === 'event') out.add(e.value.key, e.value.window.start, e.value.value.sum);
      });
  };
}

export const workloads: readonly Workload[] = [
  {
    name: 'tumbling',
    question: 'watermark → eventTimeWindow, 1,000 keys, against the hand-written loop',
    must: 4,
    measured: tumblingByOperator,
    against: (n, out) => tumblingByHand(n, TUMBLING_KEYS, out),
    expected: (n, out) => tumblingByHand(n, TUMBLING_KEYS, out),
    expectedAgainst: (n, out) => tumblingByHand(n, TUMBLING_KEYS, out),
  },
  {
    name: 'sliding',
    question: 'sliding windows of 600 slides against those of 1, 100 keys, slide 1 s',
    must: 3,
    measured: slidingByOperator(600),
    against: slidingByOperator(1),
    expected: (n, out) => slidingByHand(600, n, SLIDING_KEYS, out),
    expectedAgainst: (n, out) => slidingByHand(1, n, SLIDING_KEYS, out),
  },
];
