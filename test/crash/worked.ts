/** A process of the main job as the commands see it that do it harm: started ahead, sent to work, watched, killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type Ended, ended } from './runs.js';
import { Place, type Stage } from './stages.js';
import type { Errand } from './worker.js';

const program = join(process.cwd(), 'dist/test/crash/worker.js');
/** What takes longer is stalled: the slowest start takes a tenth of it on a busy machine. */
const STALLED_MS = 60_000;

/** Alive from the start of this process to its end, whatever ends it. */
const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

export class Worked {
  readonly over: Promise<Ended>;
  /** Steps that have ended, by name, with what came of each: `commit ok`. */
  readonly done = new Map<string, number>();
  private readonly place = new Place();
  private readonly listeners = new Set<(line: string) => void>();
  private readonly ready: Promise<unknown>;
  private readonly child: ChildProcess;
  /** It took so long that it was given up. */
  stalled = false;
  private limit: NodeJS.Timeout | undefined;

  constructor(store: string) {
    this.child = spawn(process.execPath, [program, store], {
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    });
    alive.add(this.child);
    this.child.stdin?.on('error', () => {}); // killed before it was sent to work
    this.over = ended(this.child).then((end) => {
      alive.delete(this.child);
      clearTimeout(this.limit);
      return end;
    });
    this.ready = this.tells((line) => line === '= ready');
    this.read(this.child.stdio[TOLD_FD] as Readable);
  }

  /** Where it is, or was at its end. */
  get stage(): Stage {
    return this.place.stage;
  }

  /** Resolves when it is at work; it is given up when it takes longer than that. */
  async send(errand: Errand, limitMs = STALLED_MS): Promise<void> {
    await this.ready;
    this.limit = setTimeout(() => {
      this.stalled = true;
      this.kill();
    }, limitMs);
    this.child.stdin?.end(JSON.stringify(errand));
  }

  /** Calls back with each step it tells of, until the returned function is called. */
  listen(told: (line: string) => void): () => void {
    this.listeners.add(told);
    return () => this.listeners.delete(told);
  }

  /** Resolves when it tells of such a step, or has ended. */
  async tells(wanted: (line: string) => boolean): Promise<boolean> {
    let stop = () => {};
    const heard = new Promise<boolean>((resolve) => {
      stop = this.listen((line) => wanted(line) && resolve(true));
    });
    const end = this.over.then(() => false);
    return Promise.race([heard, end]).finally(stop);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private read(from: Readable): void {
    let rest = '';
    from.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.hear(line);
    });
  }

  private hear(line: string): void {
    this.place.hear(line);
    if (line.startsWith('- ')) {
      const what = line.slice(2).trim();
      this.done.set(what, (this.done.get(what) ?? 0) + 1);
    }
    for (const told of [...this.listeners]) told(line);
  }
}

const TOLD_FD = 3;
