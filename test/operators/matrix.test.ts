/** Every operator in the shared matrix. */
import { dedupe } from '../../operators/dedupe.js';
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
