/** Runs a command as this process: its streams, its signals, its exit code. */
import { sentenceOf } from './main.js';
import type { Stop } from './program.js';
import type { Streams } from './writers.js';

type Main = (argv: readonly string[], streams: Streams, stop: Stop) => Promise<number>;

/** The exit code is set when everything has been written; nothing ends with a stack trace. */
export async function runProcess(main: Main): Promise<void> {
  const fail = (thrown: unknown) => {
    process.stderr.write(`${sentenceOf(thrown)}\n`);
    process.exit(1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  // who reads our output may go away: not our fault
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (thrown: NodeJS.ErrnoException) => {
      if (thrown.code !== 'EPIPE') fail(thrown);
    });
  }
  const requested = new Promise<string>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  });
  process.exitCode = await main(process.argv.slice(2), process, { requested });
}
