/** Errors that reach nobody: of observers that throw in `next`. */
import { config as rxConfig } from 'rxjs';

/**
 * An observer that throws reaches nobody in RxJS but this one hook: nothing may be committed after it.
 * Whose stream it was cannot be told, so every running job fails; after the end it is not ours.
 */
export function watchUnhandled(fail: (thrown: unknown) => void): { end(): void } {
  const before = rxConfig.onUnhandledError;
  let running = true;
  const mine = (thrown: unknown): void => {
    if (running) fail(thrown);
    if (before !== null) before(thrown);
    else if (!running) queueMicrotask(() => raise(thrown));
  };
  rxConfig.onUnhandledError = mine;
  return {
    end() {
      running = false;
      if (rxConfig.onUnhandledError === mine) rxConfig.onUnhandledError = before;
    },
  };
}

function raise(thrown: unknown): never {
  throw thrown;
}
