/** A process that waits while another is at work: on a directory that has one owner, or on the lease of the job. */
import { type Job, StoreError } from 'tidemark';
import type { Store } from 'tidemark/memory';
import type { Stop } from './program.js';

const LOOK_EVERY_MS = 200;

/** What a standby is told, and by whom. */
export interface Waiting {
  readonly stop: Stop | undefined;
  /** Called for each owner that it waits for. */
  readonly waits: (holder: string) => void;
}

/** Opens a store as soon as no other process holds it; undefined when told to stop before. */
export async function openWhenFree(
  open: () => Promise<Store>,
  { stop, waits }: Waiting,
): Promise<Store | undefined> {
  let stopped = false;
  stop?.requested.then(() => {
    stopped = true;
  });
  for (let last = ''; !stopped; await sleep()) {
    try {
      return await open();
    } catch (thrown) {
      if (!(thrown instanceof StoreError) || thrown.holder === undefined) throw thrown;
      if (thrown.holder !== last) waits(thrown.holder);
      last = thrown.holder;
    }
  }
  return undefined;
}

/** Tells whom a running job waits for, until the returned function is called. */
export function watchStandby(task: Job, waits: (holder: string) => void): () => void {
  let last: string | undefined;
  const timer = setInterval(() => {
    const holder = task.status().standby?.holder;
    if (holder !== undefined && holder !== last) waits(holder);
    last = holder;
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function sleep(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}
