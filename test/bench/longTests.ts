/** Long event-time tests: what is measured of one test at a time. */
import { delay } from 'rxjs';
import { eventTimeTest } from 'tidemark/testing';

/** A test over `n` elements; throws where the pipeline does not do what the test expects. */
export interface LongTest {
  readonly name: string;
  readonly question: string;
  readonly run: (n: number) => void;
}

function letters(n: number): string[] {
  return Array.from({ length: n }, (_, i) => `v${i}`);
}

export const longTests: readonly LongTest[] = [
  {
    name: 'script',
    question: 'a script with an event a frame, parsed, run and compared',
    run: (n) => {
      const events = letters(n).map((v, i) => `${v}@${(i * 7) % 1000}`);
      const text = `${events.join(' ')} |`;
      eventTimeTest(({ stream, expectStream }) => expectStream(stream(text)).toBe(text))();
    },
  },
  {
    name: 'delay',
    question:
      'values that all wait in one `delay`; RxJS removes each from an array of all that wait',
    run: (n) => {
      const all = letters(n).join(' ');
      eventTimeTest(({ source, expectStream }) => {
        expectStream(source(`(${all}) |`).pipe(delay(60_000))).toBe(`1m (${all} |)`);
      })();
    },
  },
];
