/** Between processes and servers: every request is a numbered step, and a step may meet a fault. */
import { messageOf, StoreError } from '../../../lib/errors.js';
import { Chance } from '../disorder/chance.js';
import type { Crash } from '../stores/simulatedDisk.js';
import { Failures } from './failures.js';
import { faultText, type Plan, type SimulatedFault, type StepFault } from './faults.js';
import type { Process } from './process.js';
import type { VirtualTime } from './virtualTime.js';

/** What the network can do to the world. */
export interface Outside {
  readonly time: VirtualTime;
  note(process: Process | undefined, text: string): void;
  kill(process: Process, power: Crash): void;
  /** Another process starts. */
  start(): void;
  restart(server: string): void;
  /** Work outside of virtual time: nothing else happens before it has ended. */
  work<T>(process: Process | undefined, task: () => Promise<T>): Promise<T>;
}

/** A request of a process to a server. */
export interface Request<T> {
  readonly process: Process;
  readonly server: string;
  readonly what: string;
  readonly apply: () => Promise<T>;
}

interface Sent<T> extends Request<T> {
  readonly chance: Chance;
  readonly resolve: (answer: T) => void;
  readonly reject: (thrown: unknown) => void;
}

const HOP_MS = 8;
const TIMEOUT_MS = 200;
const LATE_MS = 3000;
const SLOW_MS = 4000;
const STALLED_MS = 60_000;
const FROZEN_MS = 30_000;
const HOUR_MS = 3_600_000;

export class Network {
  /** The faults that have come. */
  readonly fired: SimulatedFault[] = [];
  steps = 0;
  /** Faults at events, which no request is part of. */
  readonly failures: Failures;
  private readonly open = new Map<Sent<any>, () => void>();

  constructor(
    private readonly outside: Outside,
    private readonly plan: Plan,
    private readonly seed: number,
  ) {
    const note = outside.note.bind(outside);
    this.failures = new Failures({ plan, fired: this.fired, note, steps: () => this.steps });
  }

  /** Sends; what a dead process asked is never answered. */
  send<T>(request: Request<T>): Promise<T> {
    const { process, what } = request;
    return new Promise((resolve, reject) => {
      if (!process.alive) return;
      const fault = this.next(process, what);
      const chance = new Chance(this.seed, `hop ${process.number} ${what}`);
      const sent = { ...request, chance, resolve, reject };
      if (fault === undefined) this.normal(sent, 0);
      else this.faulty(sent, fault);
    });
  }

  /** A step inside a process, which only a crash can hit: of its disk. */
  async step<T>(process: Process, what: string, work: () => Promise<T>): Promise<T> {
    if (!process.alive) return never();
    const fault = this.next(process, what);
    const power = fault?.power ?? 'killed';
    if (fault?.kind === 'crash before') this.outside.kill(process, power);
    if (!process.alive) return never();
    const done = await work();
    if (fault?.kind === 'crash after') this.outside.kill(process, power);
    return process.alive ? done : never();
  }

  /** Every request under way to a server loses its connection. */
  cut(server: string): void {
    for (const [sent, lose] of [...this.open]) if (sent.server === server) lose();
  }

  private next(process: Process, what: string): StepFault | undefined {
    const step = ++this.steps;
    const fault = this.plan.at(step);
    this.outside.note(process, `#${step} ${what}`);
    if (fault === undefined) return undefined;
    this.fired.push(fault);
    this.outside.note(process, `!! ${faultText(fault)}`);
    return fault;
  }

  private normal<T>(sent: Sent<T>, extraMs: number): void {
    let lost = false;
    this.open.set(sent, () => {
      lost = true;
      this.open.delete(sent);
      this.lose(sent, 1);
    });
    this.arrive(sent, this.hop(sent) + extraMs, (answer) => {
      this.outside.time.after(this.hop(sent), () => {
        this.open.delete(sent);
        if (!lost) sent.process.run(answer);
      });
    });
  }

  private faulty<T>(sent: Sent<T>, fault: StepFault): void {
    const { outside } = this;
    const { process, chance } = sent;
    const power = fault.power ?? 'killed';
    switch (fault.kind) {
      case 'crash before':
        outside.kill(process, power);
        return;
      case 'crash after':
        this.arrive(sent, this.hop(sent), () => outside.kill(process, power));
        return;
      case 'request lost':
        this.lose(sent, TIMEOUT_MS);
        return;
      case 'answer lost':
        this.arrive(sent, this.hop(sent), () => {});
        this.lose(sent, TIMEOUT_MS);
        return;
      case 'applied late':
        this.arrive(sent, TIMEOUT_MS + chance.upTo(LATE_MS), () => {});
        this.lose(sent, TIMEOUT_MS);
        return;
      case 'applied twice':
        this.normal(sent, 0);
        this.arrive(sent, 2 * HOP_MS + chance.upTo(LATE_MS), () => {});
        return;
      case 'server restart':
        this.normal(sent, 0);
        outside.time.after(chance.upTo(2 * HOP_MS), () => outside.restart(sent.server));
        return;
      case 'slow':
        this.normal(sent, 1 + chance.upTo(SLOW_MS));
        return;
      case 'stalled':
        this.normal(sent, STALLED_MS);
        return;
      default:
        this.disturb(sent, fault);
    }
  }

  /* The request itself goes well. */
  private disturb<T>(sent: Sent<T>, { kind }: StepFault): void {
    const { process } = sent;
    this.normal(sent, 0);
    if (kind === 'clock forward') process.clock.skew += HOUR_MS;
    if (kind === 'clock back') process.clock.skew -= HOUR_MS;
    if (kind === 'takeover') this.outside.start();
    if (kind !== 'frozen') return;
    process.freeze();
    this.outside.start();
    this.outside.time.after(FROZEN_MS, () => {
      this.outside.note(process, 'goes on as if nothing had happened');
      process.thaw();
    });
  }

  /* The server does it; `then` gets what tells the process so. */
  private arrive<T>(sent: Sent<T>, ms: number, then: (answer: () => void) => void): void {
    const { outside } = this;
    outside.time.after(ms, () => {
      outside.work(undefined, sent.apply).then(
        (value) => then(() => sent.resolve(value)),
        (thrown) => {
          outside.note(sent.process, `${sent.what}: ${messageOf(thrown)}`);
          then(() => sent.reject(thrown));
        },
      );
    });
  }

  private lose<T>(sent: Sent<T>, ms: number): void {
    const error = new StoreError('connection', `${sent.server}: the connection was lost`);
    this.outside.time.after(ms, () => sent.process.run(() => sent.reject(error)));
  }

  private hop<T>(sent: Sent<T>): number {
    return 1 + sent.chance.upTo(HOP_MS - 1);
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}
