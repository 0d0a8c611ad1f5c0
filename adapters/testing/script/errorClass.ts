/** The errors of the language: those that can be made again from their name and message. */

const classes: ReadonlyMap<string, new (message: string) => Error> = new Map(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((c) => [
    c.name,
    c,
  ]),
);

/** An error of this name; of a class that is not the language's, an `Error` that has its name. */
export function builtIn(name: string, message: string): Error {
  const error = new (classes.get(name) ?? Error)(message);
  if (!classes.has(name)) Object.defineProperty(error, 'name', { value: name, configurable: true });
  return error;
}

/** Whether name and message are all that there is to the error. */
export function isBuiltIn(error: unknown): error is Error {
  if (!(error instanceof Error) || error.cause !== undefined) return false;
  const made = classes.get(error.name);
  return Object.getPrototypeOf(error) === made?.prototype && Object.keys(error).length === 0;
}
