/** Settings on which the meaning of saved state depends (sizes, bounds): state of other settings is refused. */
import { SettingsError, show } from './errors.js';

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
