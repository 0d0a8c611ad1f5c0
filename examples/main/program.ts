/** What a program is: its tables, its options, and how its pipeline is built. */
import type { Task } from 'tidemark';
import type { LineCounts } from 'tidemark/files';
import type { TableConfig, TableStore } from 'tidemark/memory';
import type { OutputOptions, StoreOptions } from './options.js';
import type { Meters, PipelineDoors } from './parts.js';
import type { Input, InputDoors, InputName } from './sources.js';
import type { Summary } from './summary.js';

/** A table of a program, and the file that its rows are written to at the end. */
export interface TableSpec {
  readonly name: string;
  readonly config: TableConfig & { readonly columns: Readonly<Record<string, string>> };
  readonly path: string | undefined;
}

/** What a pipeline is built from. */
export interface Context {
  readonly tables: readonly TableStore[];
  readonly meters: Meters;
  readonly inputDoors: InputDoors;
  readonly doors: PipelineDoors;
  readonly poison: (poison: { readonly error: unknown }) => void;
}

export type Counts = Pick<Summary, 'events' | 'profiles' | 'windows' | 'peak'>;

/** A pipeline that is ready to run. */
export interface Pipeline {
  readonly inputs: readonly Input<unknown>[];
  readonly topology: (t: Task) => void;
  /** The counts so far, those from before a restart included; `read` are those of an input. */
  readonly counts: (read: (input: InputName) => LineCounts) => Counts;
}

export interface Program {
  readonly name: string;
  readonly options: OutputOptions & StoreOptions;
  /** The first is the result. */
  readonly tables: readonly TableSpec[];
  readonly build: (context: Context) => Pipeline;
}

/** Lets the caller stop a run: it ends at a checkpoint, from which it can go on. */
export interface Stop {
  readonly requested: Promise<string>;
}
