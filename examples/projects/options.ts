/** The options of the projects that are built: `sliding` and `join`. */
import { type Option, readCommand, type Values } from '../main/command.js';
import {
  given,
  type InputOptions,
  type OutputOptions,
  readInputs,
  readOutputs,
  readStore,
  type StoreOptions,
} from '../main/options.js';
import {
  inputOptions,
  laterOptions,
  outputOptions,
  readingOptions,
  storeOptions,
} from '../main/optionTables.js';
import { checkInputs, checkOutputs } from '../main/paths.js';

export type ProjectOptions = InputOptions & OutputOptions & StoreOptions;

export interface SlidingOptions extends ProjectOptions {
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly tumbling: string | undefined;
}

const OUTPUTS = ['out', 'summary', 'rejected', 'late'];

/* Results of a project are looked at, not kept: without a word about it they stay in memory. */
function stores(table: string): Option[] {
  const defaults = new Map([
    ['store', 'memory:'],
    ['table', table],
  ]);
  return storeOptions.map((o) => {
    const own = defaults.get(o.name);
    return own === undefined ? o : { ...o, default: own };
  });
}

const windowOptions: readonly Option[] = [
  { name: 'size', value: 'DURATION', meaning: 'of the windows', default: '2m' },
  { name: 'slide', value: 'DURATION', meaning: 'a window begins each', default: '30s' },
  { name: 'tumbling', value: 'FILE', meaning: 'also tumbling windows of 2 minutes' },
];

export const slidingOptions: readonly Option[] = [
  ...inputOptions.filter((o) => o.name === 'events'),
  ...windowOptions,
  ...readingOptions,
  ...stores('sliding'),
  ...outputOptions,
  ...laterOptions,
];

export const joinOptions: readonly Option[] = [
  ...inputOptions,
  ...readingOptions,
  ...stores('event_profiles'),
  ...outputOptions,
  ...laterOptions,
];

/** Undefined asks for the help. @throws UsageError */
export function readSlidingOptions(argv: readonly string[]): SlidingOptions | undefined {
  const values = readCommand('sliding', argv, slidingOptions);
  if (values.has('help')) return undefined;
  const options = {
    ...common(values),
    sizeMs: values.duration('size', 1),
    slideMs: values.duration('slide', 1),
    tumbling: given(values, 'tumbling'),
  };
  checkInputs(values, ['events']);
  checkOutputs(values, [...OUTPUTS, 'tumbling'], ['events']);
  return options;
}

/** Undefined asks for the help. @throws UsageError */
export function readJoinOptions(argv: readonly string[]): ProjectOptions | undefined {
  const values = readCommand('join', argv, joinOptions);
  if (values.has('help')) return undefined;
  const options = common(values);
  checkInputs(values, ['events', 'profiles']);
  checkOutputs(values, OUTPUTS, ['events', 'profiles']);
  return options;
}

function common(values: Values): ProjectOptions {
  return { ...readInputs(values), ...readStore(values), ...readOutputs(values) };
}
