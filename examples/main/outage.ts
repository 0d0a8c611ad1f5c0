/** A store on a server may be away for a moment: the job waits for it, says so, and goes on by itself. */
import { type Job, type RestartConfig, StoreError } from 'tidemark';
import type { StoreOptions } from './options.js';

/** So long a server may be away; then the command fails, and goes on when it is given again. */
const OUTAGE_MS = 300_000;
const AGAIN_MS = 200;
const LOOK_EVERY_MS = 100;

type Tell = (sentence: string) => void;

/** Whoever started the process sees its failures, and starts it again; only a server is waited for. */
export function restartRule(store: StoreOptions['store']): RestartConfig {
  if (!isServer(store)) return { attempts: 1 };
  return { attempts: 1, delay: AGAIN_MS, maxDelay: '2s', outage: OUTAGE_MS };
}

/** Tells when a running job waits for its store and when it goes on, until the returned function is called. */
export function watchOutage(task: Job, tell: Tell): () => void {
  let away = false;
  const timer = setInterval(() => {
    const { waiting, failure, epoch } = task.status();
    if (waiting && !away) tell(waits(failure ?? 'it gave no answer'));
    else if (away && !waiting && epoch > 0) tell('the store is back; it goes on');
    away = waiting || (away && epoch === 0);
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Does something that reads a store, again and again while it is away. */
export async function outlast<T>(
  store: StoreOptions['store'],
  act: () => Promise<T>,
  tell: Tell,
): Promise<T> {
  const until = performance.now() + (isServer(store) ? OUTAGE_MS : 0);
  for (let away = false; ; away = true) {
    try {
      return await act();
    } catch (thrown) {
      const helps = thrown instanceof StoreError && thrown.kind === 'connection';
      if (!helps || performance.now() >= until) throw thrown;
      if (!away) tell(waits(thrown.message));
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

function isServer({ kind }: StoreOptions['store']): boolean {
  return kind === 'postgres' || kind === 'redis';
}

function waits(failure: string): string {
  return `the store is away (${failure.replace(/\s*[\r\n]+\s*/g, ' ')}); it is waited for, ${OUTAGE_MS / 60_000} minutes at most`;
}
