/** The options of the main job, and the parts of them that the projects share. */
import { toInstant } from 'tidemark';
import { readCommand, type Values } from './command.js';
import { generateOptions, mainOptions } from './optionTables.js';
import { checkInputs, checkOutputs } from './paths.js';
import { readStoreAddress, type StoreAddress } from './storeAddress.js';

export interface GenerateOptions {
  readonly count: number;
  readonly users: number;
  readonly startMs: number;
  readonly spanMs: number;
  readonly lateShare: number;
  readonly lateByMs: number;
  readonly disorderMs: number;
  readonly dupShare: number;
  readonly skew: number;
  readonly malformedShare: number;
  readonly seed: number;
}

/** What every command says of its inputs: a file, or undefined for the bundled log. */
export interface InputOptions {
  readonly events: string | undefined;
  readonly profiles: string | undefined;
  readonly generate: GenerateOptions | undefined;
  readonly lenient: boolean;
  readonly maxFutureSkewMs: number;
  /** Rows a second of each input; undefined is as fast as it can. */
  readonly rate: number | undefined;
}

export interface OutputOptions {
  readonly out: string | undefined;
  readonly summary: string | undefined;
  readonly rejected: string | undefined;
  readonly late: string | undefined;
  readonly quiet: boolean;
}

export interface StoreOptions {
  readonly store: StoreAddress;
  readonly table: string;
  /** Waits while another process is at work on this store. */
  readonly standby: boolean;
  readonly checkpointEveryMs: number;
  readonly checkpointEveryEvents: number;
}

export interface MainOptions extends InputOptions, OutputOptions, StoreOptions {
  readonly sizeMs: number;
  readonly outOfOrdernessMs: number;
  readonly withinMs: number;
  readonly allowedLatenessMs: number;
  readonly sliding: string | undefined;
}

const INPUTS = ['events', 'profiles'];

/** Reads the command line of the main job; undefined asks for the help. @throws UsageError */
export function readMainOptions(argv: readonly string[]): MainOptions | undefined {
  const values = readCommand('main', argv, mainOptions);
  if (values.has('help')) return undefined;
  const options: MainOptions = {
    ...readInputs(values),
    generate: readGenerate(values),
    ...readStore(values),
    ...readOutputs(values),
    sizeMs: values.duration('size', 1),
    outOfOrdernessMs: values.duration('out-of-orderness', 0),
    withinMs: values.duration('within', 0),
    allowedLatenessMs: values.duration('allowed-lateness', 0),
    sliding: given(values, 'sliding'),
  };
  checkInputs(values, INPUTS);
  checkOutputs(values, ['out', 'summary', 'rejected', 'late', 'sliding'], INPUTS);
  return options;
}

export function readInputs(values: Values): InputOptions {
  return {
    events: given(values, 'events'),
    profiles: given(values, 'profiles'),
    generate: undefined,
    lenient: values.has('lenient'),
    maxFutureSkewMs: values.duration('max-future-skew', 0),
    rate: readRate(values),
  };
}

export function readOutputs(values: Values): OutputOptions {
  return {
    out: given(values, 'out'),
    summary: given(values, 'summary'),
    rejected: given(values, 'rejected'),
    late: given(values, 'late'),
    quiet: values.has('quiet'),
  };
}

export function given(values: Values, name: string): string | undefined {
  return values.has(name) ? values.text(name) : undefined;
}

function readRate(values: Values): number | undefined {
  const text = values.text('rate') ?? '';
  if (text === 'max') return undefined;
  const n = Number(text);
  if (/^(\d+\.?\d*|\.\d+)$/.test(text) && n > 0) return n;
  throw values.wrong('rate', 'a number > 0, or max');
}

export function readStore(values: Values): StoreOptions {
  const table = values.text('table') ?? '';
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,47}$/.test(table)) {
    throw values.wrong('table', 'letters, digits and _, at most 48, not beginning with a digit');
  }
  const store = readStoreAddress(values);
  const standby = values.has('standby');
  if (standby && !isDurable(store)) {
    throw values.wrong('standby', 'left out for a store of this process alone', 'store');
  }
  return {
    store,
    table,
    standby,
    checkpointEveryMs: values.duration('checkpoint-every', 1),
    checkpointEveryEvents: values.integer('checkpoint-every-events', 1),
  };
}

/** Whether what is stored outlives the process. */
export function isDurable(store: StoreOptions['store']): boolean {
  return store.kind !== 'memory' && !(store.kind === 'pglite' && store.dir === undefined);
}

function readGenerate(values: Values): GenerateOptions | undefined {
  if (!values.has('generate')) {
    for (const { name } of generateOptions) {
      if (values.has(name)) throw values.wrong(name, 'given together with `--generate`');
    }
    return undefined;
  }
  for (const name of INPUTS) {
    if (values.has(name)) throw values.wrong(name, 'left out when `--generate` is given');
  }
  const count = values.integer('generate', 0);
  return {
    count,
    users: values.integer('users', 1),
    startMs: readStart(values),
    spanMs: values.has('span') ? values.duration('span', 1) : Math.max(1, count * 100),
    lateShare: values.share('late-share'),
    lateByMs: values.duration('late-by', 0),
    disorderMs: values.duration('disorder', 0),
    dupShare: values.share('dup-share'),
    skew: values.share('skew'),
    malformedShare: values.share('malformed-share'),
    seed: values.integer('seed', Number.MIN_SAFE_INTEGER),
  };
}

function readStart(values: Values): number {
  const text = values.text('start') ?? '';
  const ms = toInstant(/^-?\d+$/.test(text) ? Number(text) : text);
  if (typeof ms === 'number') return ms;
  throw values.wrong('start', 'an instant such as 2024-01-01T00:00:00Z, or epoch milliseconds');
}
