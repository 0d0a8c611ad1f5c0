/** Input and output files, looked at before anything starts: what will fail should fail at once. */
import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Values } from './command.js';

/** `-`: standard input or output. */
export const STANDARD = '-';

/** Checks that each given input can be read, and that at most one is standard input. */
export function checkInputs(values: Values, names: readonly string[]): void {
  const given = names.filter((name) => values.has(name));
  for (const name of given) {
    const path = values.text(name) ?? '';
    if (path !== STANDARD && !isReadable(path)) throw values.wrong(name, 'a file that can be read');
  }
  const standard = given.filter((name) => values.text(name) === STANDARD);
  if (standard.length > 1) {
    throw values.wrong(standard[1] as string, 'a file while another input is standard input');
  }
}

/** Checks that each given output can be written, and that none is an input or another output. */
export function checkOutputs(
  values: Values,
  names: readonly string[],
  inputs: readonly string[],
): void {
  const taken = new Map<string, string>();
  for (const name of inputs) {
    const path = values.has(name) ? values.text(name) : undefined;
    if (path !== undefined && path !== STANDARD) taken.set(placeOf(path), name);
  }
  for (const name of names.filter((one) => values.has(one))) {
    const path = values.text(name) ?? '';
    const other = taken.get(placeOf(path));
    if (other !== undefined) throw values.wrong(name, `another file than that of \`--${other}\``);
    if (path !== STANDARD && !isWritable(path)) {
      throw values.wrong(name, 'a file that can be written');
    }
    if (!resolve(path).startsWith('/dev/')) taken.set(placeOf(path), name);
  }
}

/* One file, whatever it is called: links lead to the same place. */
function placeOf(path: string): string {
  if (path === STANDARD) return STANDARD;
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found === undefined ? resolve(path) : `${found.dev}:${found.ino}`;
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return !statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/* Opened for appending: that makes a missing file, and leaves what an earlier run wrote. */
function isWritable(path: string): boolean {
  try {
    closeSync(openSync(path, 'a'));
    return true;
  } catch {
    return false;
  }
}
