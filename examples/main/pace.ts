/** Slows a source down to so many events a second, to see it live. */
import type { Source } from 'tidemark';

const LEAST_WAIT_MS = 20;

/**
 * The same source, at most `perSecond` events a second: it is paused when the allowance of a tick is
 * used up, and resumed by the next tick. Its positions are those of the source.
 */
export function paced<T>(source: Source<T>, perSecond: number): Source<T> {
  const waitMs = Math.max(LEAST_WAIT_MS, 1000 / perSecond);
  return {
    ...source,
    open(position, out) {
      let wanted = false;
      let allowance = 0;
      let timer: NodeJS.Timeout | undefined;
      const reader = source.open(position, {
        ...bound(out),
        event(value, split) {
          if (--allowance < 1) reader.pause();
          out.event(value, split);
        },
      });
      const tick = () => {
        allowance = Math.min(allowance, 1) + (perSecond * waitMs) / 1000;
        if (wanted && allowance >= 1) reader.resume();
      };
      return {
        position: () => reader.position(),
        pause() {
          wanted = false;
          reader.pause();
        },
        resume() {
          wanted = true;
          timer ??= setInterval(tick, waitMs);
          if (allowance >= 1) reader.resume();
        },
        close() {
          clearInterval(timer);
          return reader.close();
        },
      };
    },
  };
}

function bound<T>(out: Parameters<Source<T>['open']>[1]): Parameters<Source<T>['open']>[1] {
  return {
    event: (value, split) => out.event(value, split),
    declare: (splits) => out.declare(splits),
    finished: () => out.finished(),
    failed: (thrown) => out.failed(thrown),
  };
}
