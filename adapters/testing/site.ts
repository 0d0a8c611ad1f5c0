/** The line of the user: where an expectation, a stream or a door was written. */

const HEAD = 'expected here';

/** The stack of the caller of `method`. It becomes text only when it is read. */
export function siteOf(method: (...args: any[]) => unknown): Error {
  if (Error.captureStackTrace === undefined) return new Error(HEAD);
  const site: Error = Object.create(Error.prototype, { message: { value: HEAD } });
  Error.captureStackTrace(site, method);
  return site;
}

/** The stack from the first line on that is neither of this package nor of a test runner. */
export function siteOutside(): Error {
  const all = new Error(HEAD);
  return Object.create(all, { stack: { get: () => outside(all.stack ?? '') } });
}

function outside(stack: string): string {
  const [head = '', here = '', ...lines] = stack.split('\n');
  const [, room = here] = /(?:\(|at )((?:file:)?[^\s(]*[\\/])[^\\/]*$/.exec(here) ?? [];
  const first = lines.findIndex((l) => !l.includes(room) && !/node_modules|node:/.test(l));
  return first < 0 ? stack : [head, ...lines.slice(first)].join('\n');
}
