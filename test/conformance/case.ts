/** A conformance case: steps into an operator, and what an engine emitted at each of them. */

/** A step or an output: a name and its fields. */
export type Row = readonly unknown[];

export interface Cfg {
  readonly [name: string]: unknown;
}

export interface Case {
  readonly id: string;
  readonly family: string;
  readonly cfg: Cfg;
  readonly steps: readonly Row[];
  readonly out: readonly (readonly Row[])[];
}

/** An operator set up for a case: it takes the steps one by one. */
export interface Rig {
  step(step: Row): void;
}

/** Sets an operator up; undefined where what the configuration asks for is not built. */
export type Build = (cfg: Cfg, emit: (row: Row) => void) => Rig | undefined;

/** Event time of a step: `"MAX"` is the end. */
export function timeOf(x: unknown): number {
  return x === 'MAX' ? Infinity : (x as number);
}

/** What stands in the place of an output where the operator has failed. */
export function failure(thrown: unknown): Row {
  return ['ERROR', String(thrown)];
}

/** A watermark as the cases write it. */
export function wRow(w: number): Row {
  return ['W', w === Infinity ? 'MAX' : w];
}
