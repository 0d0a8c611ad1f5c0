/** Counts the steps that the package takes: how often each stretch of its code runs, whatever the clock says. */
import { type Profiler, Session } from 'node:inspector';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = join(__dirname, '..', '..', '..');
const ours = ['lib', 'operators', 'adapters'].map((floor) =>
  pathToFileURL(join(root, floor) + sep),
);

/* V8 counts loops and branches only of what it compiles from now on: a test imports this file first. */
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
afterAll(() => session.disconnect());

/* Since the last call. One call of what is built in, such as `indexOf`, is one step. */
function taken(): number {
  let steps = 0;
  session.post(
    'Profiler.takePreciseCoverage',
    (_, { result }: Profiler.TakePreciseCoverageReturnType) => {
      for (const { url, functions } of result) {
        if (!ours.some(({ href }) => url.startsWith(href))) continue;
        for (const { ranges } of functions) for (const { count } of ranges) steps += count;
      }
    },
  );
  return steps;
}

/**
 * How many times the steps of `work(n)` those of `work(4 * n)` are: 4 is linear, 16 quadratic. When
 * V8 optimises a function it loses some of its calls, but none of the turns of its loops.
 */
export async function growth(n: number, work: (n: number) => unknown): Promise<number> {
  await work(10); // what is made once is made now
  taken();
  await work(n);
  const few = taken();
  await work(4 * n);
  const many = taken();
  if (few < n) throw new Error(`${few} steps for ${n}: nothing was counted`);
  return many / few;
}
