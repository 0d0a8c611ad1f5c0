/** The command of the projects: which one, its options, an exit code. */
import { help, quoted, UsageError } from '../main/command.js';
import { command } from '../main/main.js';
import type { Program, Stop } from '../main/program.js';
import type { Streams } from '../main/writers.js';
import { joinProgram } from './join.js';
import { joinOptions, readJoinOptions, readSlidingOptions, slidingOptions } from './options.js';
import { slidingProgram } from './sliding.js';

const LATER = ['sales', 'pings', 'funnel', 'spikes'];

const HELP = `npm run project -- NAME [options]

  sliding  count and sum of each user, windows of 2 minutes each 30 seconds
  join     every event with every profile of its user at most 15 minutes away

npm run project -- NAME --help prints the options of one.
`;

/** 0 done, 1 failed, 2 wrong usage. */
export function main(argv: readonly string[], streams: Streams, stop?: Stop): Promise<number> {
  const [name = '', ...rest] = argv;
  return command(name, () => project(name, rest), streams, stop);
}

function project(name: string, argv: readonly string[]): Program | string {
  if (name === '--help' || name === '-h') return HELP;
  if (name === 'sliding') {
    const options = readSlidingOptions(argv);
    return options === undefined ? help(usage(name), slidingOptions) : slidingProgram(options);
  }
  if (name === 'join') {
    const options = readJoinOptions(argv);
    return options === undefined ? help(usage(name), joinOptions) : joinProgram(options);
  }
  const until = LATER.includes(name) ? ` until ${name} is built` : '';
  throw new UsageError(`project: NAME must be sliding or join${until}; got ${quoted(name)}`);
}

function usage(name: string): string {
  return `npm run project -- ${name} [options]`;
}
