/** Families D1 D2: the watermark operator over splits that fall idle and resume. */
import { Subject, VirtualTimeScheduler } from 'rxjs';
import { watermark } from 'tidemark';
import { type Build, wRow } from './case.js';

interface Reading {
  readonly split: string;
  readonly at: number;
}

/** An arrival clock that is moved by hand; what falls due on the way runs at its instant. */
class ArrivalClock extends VirtualTimeScheduler {
  move(ms: number): void {
    const to = this.frame + ms;
    this.maxFrames = to;
    this.flush();
    this.frame = to;
  }
}

export const watermarks: Build = (cfg, emit) => {
  const clock = new ArrivalClock();
  const in$ = new Subject<Reading>();
  in$
    .pipe(
      watermark({
        timestamp: (r) => r.at,
        split: (r) => r.split,
        outOfOrderness: cfg['outOfOrderness'] as number,
        idleTimeout: cfg['idleTimeout'] as number,
        onResume: cfg['policy'] as 'ignore' | 'hold',
        scheduler: clock,
      }),
    )
    .subscribe({
      next: (e) => {
        if (e.kind === 'watermark') emit(wRow(e.timestamp));
        if (e.kind === 'status') emit([e.status.toUpperCase()]);
      },
      error: (thrown) => emit(['ERROR', String(thrown)]),
    });
  return {
    step: ([kind, x, at]) => {
      clock.move(kind === 'tick' ? (x as number) : 1);
      if (kind === 'ev') in$.next({ split: String(x), at: at as number });
    },
  };
};
