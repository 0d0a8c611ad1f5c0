/** The line of the user: where an expectation, a stream or a door was written. */

/** The stack of the caller of `method`. */
export function siteOf(method: (...args: any[]) => unknown): Error {
  const site = new Error('expected here');
  Error.captureStackTrace?.(site, method);
  return site;
}

/** The stack from the first line on that is neither of this package nor of a test runner. */
export function siteOutside(): Error {
  const site = new Error('expected here');
  const [head = '', here = '', ...lines] = site.stack?.split('\n') ?? [];
  const [, room = here] = /(?:\(|at )((?:file:)?[^\s(]*[\\/])[^\\/]*$/.exec(here) ?? [];
  const first = lines.findIndex((l) => !l.includes(room) && !/node_modules|node:/.test(l));
  if (first >= 0) site.stack = [head, ...lines.slice(first)].join('\n');
  return site;
}
