/** One run of a simulated world: processes start, fail and are started again until everything is read. */

import { setImmediate as macrotask } from 'node:timers/promises';
import { config as rxConfig } from 'rxjs';
import { configError, messageOf } from '../../../lib/errors.js';
import type { Source, Store } from '../../../lib/ports.js';
import type { Crash } from '../stores/simulatedDisk.js';
import type { SimulationConfig, SimulationResult, World } from './config.js';
import { fallible } from './failures.js';
import type { Plan } from './faults.js';
import { logSource } from './logSource.js';
import { Network, type Outside } from './network.js';
import { Process } from './process.js';
import { Stores } from './stores.js';
import { Trace } from './trace.js';
import { VirtualTime } from './virtualTime.js';
import { type Violation, Watch } from './watch.js';

const HOUR_MS = 3_600_000;
const RESTART_MS = 1000;
/** So many processes that end without result: the job does not come to its end. */
const MOST_PROCESSES = 40;
/** A loop without end in virtual time. */
const MOST_TURNS = 200_000;

export class Simulation implements Outside {
  readonly time = new VirtualTime();
  private readonly trace = new Trace();
  private readonly network: Network;
  private readonly watch: Watch;
  private readonly stores: Stores;
  private readonly processes: Process[] = [];
  private readonly violations: Violation[] = [];
  private working = 0;
  private faults = 0;
  private lastFaultAt = 0;
  private completed = false;
  /** It came to its end because it was told to, with input left. */
  private drained = false;

  constructor(
    private readonly config: SimulationConfig,
    plan: Plan,
  ) {
    const { oracle, input: inputs, compare = 'every commit', seed } = config;
    this.network = new Network(this, plan, seed);
    this.watch = new Watch({
      server: () => this.stores.first,
      inputs,
      oracle,
      everyCommit: compare === 'every commit',
      fail: (violation) => this.fail(violation),
    });
    this.stores = new Stores(config, {
      outside: this,
      network: this.network,
      watch: this.watch,
    });
  }

  async run(): Promise<SimulationResult> {
    const before = rxConfig.onUnhandledError;
    rxConfig.onUnhandledError = (thrown) => this.note(undefined, `unhandled: ${messageOf(thrown)}`);
    try {
      await this.stores.open();
      this.start();
      await this.loop();
      if (this.violations.length === 0) await this.end();
    } finally {
      rxConfig.onUnhandledError = before;
      for (const process of this.processes) process.kill();
    }
    return this.result();
  }

  note(process: Process | undefined, text: string): void {
    this.trace.add({ at: this.time.ms, process: process?.number ?? 0, text });
  }

  kill(process: Process, power: Crash): void {
    if (!process.alive) return;
    this.note(process, power === 'killed' ? 'is killed' : `is killed, the power is lost: ${power}`);
    this.working -= process.working;
    process.kill();
    this.stores.crash(power);
    this.restartLater();
  }

  start(): void {
    if (this.completed) return;
    if (this.processes.length >= MOST_PROCESSES) {
      const detail = `${MOST_PROCESSES} processes have ended without result`;
      this.fail({ rule: 'everything comes to its end', detail });
      return;
    }
    const { startAt = 0 } = this.config;
    const process = new Process(this.processes.length + 1, this.time, startAt);
    this.processes.push(process);
    this.note(process, 'starts');
    const over = (text: string) => {
      process.ended = true;
      this.note(process, text);
      this.checkLeft(process);
    };
    this.runJob(process).then(
      (outcome) => {
        this.completed ||= process.alive;
        this.drained ||= process.alive && outcome === 'drained';
        process.run(() => over(`ends: ${String(outcome)}`));
      },
      (thrown) =>
        process.run(() => {
          over(`fails: ${messageOf(thrown)}`);
          this.restartLater();
        }),
    );
  }

  restart(name: string): void {
    this.note(undefined, `${name} restarts`);
    this.network.cut(name);
    this.work(undefined, () => this.stores.restart(name, this.network.steps));
  }

  async work<T>(process: Process | undefined, task: () => Promise<T>): Promise<T> {
    if (process !== undefined) process.working++;
    this.working++;
    try {
      return await task();
    } finally {
      if (process?.alive ?? true) {
        this.working--;
        if (process !== undefined) process.working--;
      }
    }
  }

  private async runJob(process: Process): Promise<unknown> {
    const stores = await this.stores.of(process);
    return this.config.job(this.worldOf(process, stores)).run();
  }

  private worldOf(process: Process, stores: ReadonlyMap<string, Store>): World {
    const { input, seed } = this.config;
    const { failures } = this.network;
    const sources = new Map<string, Source<any>>();
    return {
      process: process.number,
      clock: process.clock,
      store: (name) => known('store', stores, name),
      source: (name) => {
        const made =
          sources.get(name) ??
          logSource({ name, process, seed, failures, input: known('input', input, name) });
        sources.set(name, made);
        return made;
      },
      fallible: () => fallible(failures, process),
      note: (text) => this.note(process, text),
    };
  }

  private async loop(): Promise<void> {
    const { patience = HOUR_MS } = this.config;
    for (let turns = 0; ; turns++) {
      await macrotask();
      while (this.working > 0) await macrotask();
      this.noteFaults();
      if (this.violations.length > 0) return;
      const late = (this.time.next ?? 0) > this.lastFaultAt + patience;
      if (late || turns > MOST_TURNS) {
        const detail = `at ${Math.round(this.time.ms)} ms it still goes on`;
        this.fail({ rule: 'everything comes to its end', detail });
        return;
      }
      if (!this.time.step()) return;
    }
  }

  private noteFaults(): void {
    if (this.network.fired.length === this.faults) return;
    this.faults = this.network.fired.length;
    this.lastFaultAt = this.time.ms;
  }

  private async end(): Promise<void> {
    if (!this.completed) {
      const waiting = this.processes.filter((p) => p.alive && !p.ended).map((p) => p.number);
      const detail = `nothing is left to happen, and process ${waiting.join(', ')} waits`;
      this.fail({ rule: 'everything comes to its end', detail });
      return;
    }
    await this.watch.end(await this.stores.atEnd(), this.drained);
  }

  private restartLater(): void {
    this.time.after(RESTART_MS, () => {
      const running = this.processes.some((p) => p.alive && !p.ended);
      if (!running && !this.completed) this.start();
    });
  }

  /* What a job leaves behind when it has ended keeps a process from ending. */
  private checkLeft(process: Process): void {
    this.time.after(0, () => {
      const { pending } = process.clock;
      const left = [];
      if (pending > 0) left.push(`${pending} timers`);
      if (process.readers > 0) left.push(`${process.readers} open sources`);
      if (left.length === 0) return;
      const detail = `process ${process.number} has ended and leaves ${left.join(' and ')}`;
      this.fail({ rule: 'nothing is left behind', detail });
    });
  }

  private fail(violation: Violation): void {
    if (this.violations.length > 0) return;
    this.violations.push(violation);
    this.note(undefined, `VIOLATION ${violation.rule}: ${violation.detail}`);
  }

  private result(): SimulationResult {
    const { trace } = this;
    return {
      trace: trace.lines,
      // most runs are never compared with another
      get hash() {
        return trace.hash;
      },
      violations: this.violations,
      faults: this.network.fired,
      steps: this.network.steps,
      events: this.network.failures.events,
      commits: this.watch.commits,
      processes: this.processes.length,
      elapsedMs: this.time.ms,
    };
  }
}

function known<T>(
  what: string,
  all: ReadonlyMap<string, T> | Readonly<Record<string, T>>,
  name: string,
): T {
  const entries = all instanceof Map ? all : new Map(Object.entries(all));
  const found = entries.get(name);
  if (found !== undefined) return found;
  throw configError('simulate', what, `one of ${[...entries.keys()].join(', ')}`, name);
}
