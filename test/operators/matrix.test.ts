/** Every operator in the shared matrix. */
import type { Observable } from 'rxjs';
import type { Element } from '../../lib/element.js';
import {
  collect,
  count,
  dedupe,
  eventTimeWindow,
  session,
  sliding,
  tumbling,
  type WindowAssigner,
} from '../../operators/index.js';
import type { Make, Script } from '../drive.js';
import { operatorMatrix } from '../matrix.js';

function fails(): never {
  throw new Error('of the user');
}

operatorMatrix(
  'dedupe',
  ([in$], id) => in$.pipe(dedupe({ id, key: (v: string) => v, within: 4 })),
  { inputs: ['a@1 b@2 a@3 W1 a@5 W5 a@6 c@0 b@9 idle active d@7 W20 a@21'] },
  { throwing: ([in$], id) => in$.pipe(dedupe({ id, key: fails })) },
);

/** Stragglers, late ones, an idle time, windows of several keys; late panes within 3. */
const windowed: Script = {
  inputs: ['a@1 b@7 a@3 W4 b@2 a@4 W6 a@9 c@8 W9 c@9 idle active a@-7 d@30 a@12 W12 b@14 W20 e@21'],
};
const accumulations = ['accumulating', 'discarding'] as const;
const assigners: readonly [string, WindowAssigner<string>][] = [
  ['tumbling', tumbling(5, { offset: 1 })],
  ['sliding', sliding(6, 4)],
  ['session', session(3)],
  ['gap of its own', session((v: string) => (v === 'a' ? 5 : 2))],
];
describe.each(accumulations)('%s', (accumulation) => {
  describe.each(assigners)('%s', (_, window) => {
    const windows =
      (n: () => unknown): Make =>
      ([in$], id) =>
        (in$ as Observable<Element<string>>).pipe(
          eventTimeWindow({
            id,
            window,
            key: (v) => (v < 'c' ? v : 'other'),
            aggregate: { all: collect((v) => [v, n()]), n: count() },
            allowedLateness: 3,
            accumulation,
          }),
        );
    operatorMatrix(
      'eventTimeWindow',
      windows(() => 1),
      windowed,
      { throwing: windows(fails) },
    );
  });
});
