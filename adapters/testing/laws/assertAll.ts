/** Laws held to together: what is thrown where some are broken. */
import { placed } from '../site.js';

/**
 * Checks one law after the other.
 * @throws what the first that is broken throws, with the messages of all, at the line of the user
 */
export async function assertAll(
  laws: readonly { check(): Promise<void> }[],
  site: Error,
): Promise<void> {
  const broken: Error[] = [];
  for (const { check } of laws) await check().catch((error: Error) => broken.push(error));
  const [first, ...more] = broken;
  if (first === undefined) return;
  if (more.length > 0) first.message = broken.map(({ message }) => message).join('\n\n');
  throw placed(first, site);
}
