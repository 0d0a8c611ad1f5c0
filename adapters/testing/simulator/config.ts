/** What a simulation is made of: stores, input, the job, what must come out, and what may go wrong. */
import type { MonoTypeOperatorFunction, SchedulerLike } from 'rxjs';
import type { FileSystem } from '../../../lib/log/fileSystem.js';
import type { Clock, Source, Store } from '../../../lib/ports.js';
import type { FaultRates, SimulatedFault } from './faults.js';
import type { SimulatedInput } from './logSource.js';
import type { TraceLine } from './trace.js';
import type { Oracle, Violation } from './watch.js';

/** What a store is opened with. */
export interface StoreSite {
  readonly clock: Clock;
  /** A disk that can lose and tear what was not synced; for stores that are opened by each process. */
  readonly files: FileSystem;
}

/** A store of the simulated world. */
export interface SimulatedStore {
  readonly open: (site: StoreSite) => Store | Promise<Store>;
  /** Each process opens it anew, on files that outlive it; else it is a server, reached by a network. @default false */
  readonly perProcess?: boolean;
  /** How many of its last answered writes a restart of the server may lose. @default 0 */
  readonly loses?: number;
}

/** The world as one process of the job sees it. */
export interface World {
  /** Which process this is, from 1. */
  readonly process: number;
  /** Virtual time: goes into `clock` of the job, and wherever a scheduler is asked for. */
  readonly clock: SchedulerLike;
  /** A store of the configuration, by name. */
  store(name: string): Store;
  /** The source of an input, by name; the same one however often it is asked for. */
  source<T = any>(name: string): Source<T>;
  /** An operator that passes everything on, and fails where a fault hits an event that reaches it. */
  fallible<T>(): MonoTypeOperatorFunction<T>;
  /** Writes a line into the trace. */
  note(text: string): void;
}

/** What runs: a `job`, or what looks like one. */
export interface SimulatedJob {
  /** Resolves at its end: with `'drained'` where that came before the end of the input. */
  run(): Promise<unknown>;
}

/** Configures `simulate`. */
export interface SimulationConfig {
  /** A whole number that decides everything: order of reads, latencies, and which faults come when. */
  readonly seed: number;
  /** Stores by name; the first one has the checkpoints. */
  readonly stores: Readonly<Record<string, SimulatedStore | SimulatedStore['open']>>;
  /** What the sources read, by name. */
  readonly input: Readonly<Record<string, SimulatedInput>>;
  /** Builds the job of one process, from what the world gives and nothing else. */
  readonly job: (world: World) => SimulatedJob;
  /** What the tables must hold, given what a checkpoint covers; it must not depend on the order of reads. */
  readonly oracle: Oracle;
  /** `'every commit'`: tables of the first store are compared at each; others, and eager ones, at the end. @default 'every commit' */
  readonly compare?: 'every commit' | 'end';
  /** How likely faults are, or just these. @default none */
  readonly faults?: FaultRates | readonly SimulatedFault[];
  /** After so many steps no fault comes any more, so everything must come to its end. @default 60 */
  readonly faultySteps?: number;
  /** Virtual time after the last fault within which it must have come to its end, ms. @default an hour */
  readonly patience?: number;
  /** What the clock of a process shows at the beginning, ms. @default 0 */
  readonly startAt?: number;
}

/** What came of a simulation. */
export interface SimulationResult {
  readonly trace: readonly TraceLine[];
  /** Tells traces apart: the same seed gives the same one. */
  readonly hash: string;
  /** None, or the first one: the simulation ends there. */
  readonly violations: readonly Violation[];
  /** The faults that came. */
  readonly faults: readonly SimulatedFault[];
  /** Numbered steps: each is a place for a fault. */
  readonly steps: number;
  /** Numbered events, of sources and of `world.fallible()`: each is a place for a failure. */
  readonly events: number;
  /** Checkpoints that were written. */
  readonly commits: number;
  /** Processes that were started. */
  readonly processes: number;
  /** Virtual milliseconds. */
  readonly elapsedMs: number;
}
