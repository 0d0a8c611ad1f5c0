/** Settings on which the meaning of saved state depends (sizes, bounds): state of other settings is refused. */
import { SettingsError, show } from './errors.js';

export type Settings = Readonly<Record<string, unknown>>;

/** Refuses state that was saved under other settings. @throws SettingsError naming the first that differs */
export function sameSettings(
  now: {
    readonly operator: string;
    readonly id?: string | undefined;
    readonly settings?: Settings | undefined;
  },
  saved: Settings,
): void {
  const settings = now.settings ?? {};
  for (const name of new Set([...Object.keys(settings), ...Object.keys(saved)])) {
    const [was, is] = [show(saved[name]), show(settings[name])];
    if (was !== is) throw new SettingsError(now.operator, now.id, { name, was, is });
  }
}
