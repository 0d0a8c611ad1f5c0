/** Settings on which the meaning of saved state depends (sizes, bounds): state of other settings is refused. */
import type { Chunks } from './chunks.js';
import { type Restore, restoreWith } from './element.js';
import { SettingsError, show } from './errors.js';
import type { Membership, Migrating } from './membership.js';

export type Settings = Readonly<Record<string, unknown>>;

/** Bounds that may change under state which stays; every other setting shapes the state itself. */
const BOUNDS: Readonly<Record<string, readonly string[]>> = {
  watermark: ['outOfOrderness'],
  dedupe: ['within', 'size', 'slide', 'offset', 'allowedLateness'],
  intervalJoin: ['lower', 'upper', 'lateBy', 'allowedLateness'],
};

/**
 * Refuses state that was saved under other settings.
 * @param kept whether other bounds are taken
 * @throws SettingsError naming the first that differs
 */
export function sameSettings(
  now: {
    readonly operator: string;
    readonly id?: string | undefined;
    readonly settings?: Settings | undefined;
  },
  saved: Settings,
  kept = false,
): void {
  const settings = now.settings ?? {};
  for (const name of new Set([...Object.keys(settings), ...Object.keys(saved)])) {
    const [was, is] = [show(saved[name]), show(settings[name])];
    if (was === is || (kept && BOUNDS[now.operator]?.includes(name) === true)) continue;
    throw new SettingsError(now.operator, now.id, { name, was, is });
  }
}

/** How an operator takes its state back. */
interface Taking {
  load(chunks: Chunks, kept?: boolean): void;
  /** It does not: see `registering`. */
  refused(): void;
}

/** Gives an operator its state back, or what a migration makes of it. @throws SettingsError */
export function takeBack({ restored, migrating }: Membership, own: Taking): void {
  if (restored === undefined) return;
  try {
    refit(restored, migrating, own);
  } catch (thrown) {
    own.refused();
    throw thrown;
  }
}

/**
 * What goes down where state was refused: who is below registers and no more, since an id that two
 * operators have may be why the state did not fit.
 */
export function registering({ register }: Restore): Restore {
  return restoreWith((member) => ({ ...register(member), restored: undefined }));
}

function refit(saved: Chunks, migrating: Migrating | undefined, own: Taking): void {
  try {
    own.load(saved);
  } catch (thrown) {
    if (!(thrown instanceof SettingsError) || migrating === undefined) throw thrown;
    const other = migrating.refit(saved, thrown);
    if (other !== undefined) own.load(other, true);
  }
}
