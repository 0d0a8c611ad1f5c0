/** The error of a script that names none. */

/** What `#` in a script sends, and what `#` in an expectation means, unless told otherwise. */
export const scriptError: Error = new Error('# of the script');
