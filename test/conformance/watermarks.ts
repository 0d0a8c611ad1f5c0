/** Families D1 D2: the watermark operator over splits that fall idle and resume. */
import type { Observable } from 'rxjs';
import { watermark } from 'tidemark';
import { type Build, failure, wRow } from './case.js';
import { Pipeline } from './pipeline.js';

interface Reading {
  readonly split: string;
  readonly at: number;
}

export const watermarks: Build = (cfg, emit) => {
  const pipeline = new Pipeline(
    (in$: Observable<any>) =>
      in$.pipe(
        watermark({
          timestamp: (r: Reading) => r.at,
          split: (r: Reading) => r.split,
          outOfOrderness: cfg['outOfOrderness'] as number,
          idleTimeout: cfg['idleTimeout'] as number,
          onResume: cfg['policy'] as 'ignore' | 'hold',
        }),
      ),
    (m) => {
      if (m.kind === 'watermark') emit(wRow(m.timestamp));
      if (m.kind === 'status') emit([m.status.toUpperCase()]);
      if (m.kind === 'error') emit(failure(m.error));
    },
  );
  return {
    step: ([kind, x, at]) =>
      pipeline.step((h) => {
        h.advance(kind === 'tick' ? (x as number) : 1);
        if (kind === 'ev') h.send({ split: String(x), at });
      }),
  };
};
