/** Long scripts: 10,000 elements cost well under a second, whoever subscribes how often. */
import { delay, map, mergeMap, of } from 'rxjs';
import { eventTimeTest } from 'tidemark/testing';

const N = 10_000;
const letters = Array.from({ length: N }, (_, i) => `v${i}`);
const script = letters.map((v, i) => `${v}@${(i * 7) % 1000}`).join(' ');

/* Time of this process alone: other tests run beside it. */
const cpuMs = (): number => process.cpuUsage().user / 1000;

it('a stream of 10,000 elements', () => {
  const began = cpuMs();
  eventTimeTest(({ stream, expectStream }) => {
    expectStream(stream(`${script} |`)).toBe(`${script} |`);
  })();
  expect(cpuMs() - began).toBeLessThan(2500);
});
it('10,000 values that all wait in a delay', () => {
  const began = cpuMs();
  eventTimeTest(({ source, expectStream }) => {
    const in$ = source(`(${letters.join(' ')}) |`).pipe(delay(60_000));
    expectStream(in$).toBe(`1m (${letters.join(' ')} |)`);
  })();
  expect(cpuMs() - began).toBeLessThan(2500);
});
it('10,000 timers of one flattening operator', () => {
  const began = cpuMs();
  eventTimeTest(({ source, record, flush }) => {
    const in$ = source(`${letters.join(' ')} |`).pipe(
      mergeMap((v, i) => of(v).pipe(delay(N + ((i * 7919) % N)))),
      map((v) => v.length),
    );
    const out = record(in$);
    flush();
    expect(out.messages).toHaveLength(N + 1);
  })();
  expect(cpuMs() - began).toBeLessThan(2500);
});
