/** The line of the user: where an expectation, a stream, a door or a law was written. */

const HEAD = 'expected here';

/** The stack of the caller of `method`. It becomes text only when it is read. */
export function siteOf(method: (...args: never[]) => unknown): Error {
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

/** The error with the stack of the site: a runner shows the line of the user, not ours. */
export function placed<E extends Error>(error: E, site: Error): E {
  const lines = (site.stack ?? '').split('\n').slice(site.message.split('\n').length);
  error.stack = [`${error.name}: ${error.message}`, ...lines].join('\n');
  return error;
}

function outside(stack: string): string {
  const [head = '', here = '', ...lines] = stack.split('\n');
  const [, room = here] = /(?:\(|at )((?:file:)?[^\s(]*[\\/])[^\\/]*$/.exec(here) ?? [];
  const first = lines.findIndex((l) => !l.includes(room) && !/node_modules|node:/.test(l));
  return first < 0 ? stack : [head, ...lines.slice(first)].join('\n');
}
