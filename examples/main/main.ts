/** The command of the main job: options in, an exit code out, and one sentence for whatever goes wrong. */
import { SettingsError, StoreError } from 'tidemark';
import { help, UsageError } from './command.js';
import { mainProgram } from './mainJob.js';
import { readMainOptions } from './options.js';
import { mainOptions } from './optionTables.js';
import { HINT } from './positions.js';
import type { Program, Stop } from './program.js';
import { run } from './run.js';
import type { Streams } from './writers.js';

const USAGE = `npm start -- [options]

Reads events in the order in which they came, makes metrics of each user and five minutes of event
time, joins the user's plan, and keeps them in a table. Without options: a bundled web log.`;

/** 0 done, 1 failed, 2 wrong usage. */
export function main(argv: readonly string[], streams: Streams, stop?: Stop): Promise<number> {
  const read = () => {
    const options = readMainOptions(argv);
    return options === undefined ? help(USAGE, mainOptions) : mainProgram(options);
  };
  return command('main', read, streams, stop);
}

/** Runs what `read` gives, or prints it if it is a help text. */
export async function command(
  name: string,
  read: () => Program | string,
  streams: Streams,
  stop?: Stop,
): Promise<number> {
  try {
    const program = read();
    if (typeof program !== 'string') return await run(program, streams, stop);
    streams.stdout.write(program);
    return 0;
  } catch (thrown) {
    const sentence = sentenceOf(thrown);
    streams.stderr.write(thrown instanceof UsageError ? `${sentence}\n` : `${name}: ${sentence}\n`);
    return thrown instanceof UsageError ? 2 : 1;
  }
}

/** What was thrown, on one line. */
export function sentenceOf(thrown: unknown): string {
  if (thrown instanceof SettingsError) {
    const { name, was, is } = thrown.setting;
    return `\`${name}\` is ${is} but was ${was} when the checkpoint was made; ${HINT}`;
  }
  if (thrown instanceof StoreError && thrown.holder !== undefined) {
    return `${thrown.message}; end that one first, or give --standby to take over when it ends`;
  }
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.replace(/\s*[\r\n]+\s*/g, ' ');
}
