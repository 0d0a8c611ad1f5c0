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
  process.exitCode = await main(process.argv.slice(2), process, { requested: requested() });
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** A terminal and a parent such as npm may send one signal each. */
const SAME_SIGNAL_MS = 300;
/** Longer than a job takes to stop; what hangs then is not waited for. */
const LONGEST_STOP_MS = 12_000;

/* The first signal asks for a stop; the next one ends the process as if nobody listened. */
function requested(): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    const ask = (signal: string) => {
      if (asked) return;
      asked = true;
      resolve(signal);
      const deaf = () => {
        for (const each of SIGNALS) process.off(each, ask);
      };
      setTimeout(deaf, SAME_SIGNAL_MS).unref();
      setTimeout(giveUp, LONGEST_STOP_MS).unref();
    };
    for (const signal of SIGNALS) process.on(signal, ask);
  });
}

function giveUp(): void {
  process.stderr.write(`did not stop within ${LONGEST_STOP_MS} ms of the signal\n`);
  process.exit(1);
}
