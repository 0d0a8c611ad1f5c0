/** The sources of a run: begun, held, aligned and ended together. */
import { type Restore, restoreWith } from '../../element.js';
import type { Position, Source } from '../../ports.js';
import type { Runtime } from '../runtime.js';
import { Drift } from './drift.js';
import type { HoldReason } from './gate.js';
import { Pressure } from './pressure.js';
import type { Quarantine, Quarantined } from './quarantine.js';
import { type Feed, type SavedSource, SourceRun } from './sourceRun.js';
import { Turn } from './turn.js';

export interface SourcesConfig {
  readonly sources: readonly { readonly source: Source<any>; readonly feed: Feed }[];
  readonly maxDriftMs: number;
  /** Events and rows on their way at which the sources are held. */
  readonly maxPending: number;
  readonly quarantine: Quarantine;
  readonly runtime: Runtime;
}

/** Told while the sources are open. */
export interface SourcesEvents {
  /** An event's turn is over. */
  passed(): void;
  /** Every source has finished. */
  finished(): void;
  failed(thrown: unknown): void;
  /** Whether the run is over: a source may fail as it opens, and nothing may begin after that. */
  over(): boolean;
}

export class Sources {
  /** None before the run owns its task. */
  all: readonly SourceRun[] = [];
  readonly pressure: Pressure;
  /** What must not be done in the middle of an event's turn waits here for its end. */
  readonly between = new Turn();
  private readonly drift: Drift;

  constructor(private readonly config: SourcesConfig) {
    const { sources, maxDriftMs, maxPending } = config;
    this.pressure = new Pressure(maxPending, (hold) => {
      if (hold) this.hold('pressure');
      else this.release('pressure');
    });
    this.drift = new Drift(sources.length, maxDriftMs, (i, wait) => {
      const gate = this.all[i]?.gate;
      if (wait) gate?.hold('drift');
      else gate?.release('drift');
    });
  }

  get finished(): boolean {
    return this.all.every((source) => source.finished);
  }

  /** Each source begins where `saved` says; nothing is read yet. */
  begin(saved: (source: Source<any>) => SavedSource | undefined): void {
    const { sources, quarantine, runtime } = this.config;
    const { between } = this;
    const now = () => runtime.now();
    this.all = sources.map(
      ({ source, feed }) =>
        new SourceRun(source, feed, saved(source), { quarantine, between, now }),
    );
  }

  /** Lets the operators below each source register: `registrar` is asked for each. */
  restore(registrar: (source: number) => Restore['register']): void {
    for (const [i, source] of this.all.entries()) source.send(restoreWith(registrar(i)));
  }

  /** Opens every source that has not finished; each waits until `'start'` is released. */
  open(events: SourcesEvents): void {
    for (const [i, source] of this.all.entries()) {
      if (events.over()) return;
      if (source.finished) this.drift.finish(i);
      source.open({
        passed: () => events.passed(),
        failed: (thrown) => events.failed(thrown),
        finished: () => {
          this.drift.finish(i);
          if (this.finished) events.finished();
        },
      });
    }
  }

  hold(reason: HoldReason): void {
    for (const { gate } of this.all) gate.hold(reason);
  }

  release(reason: HoldReason): void {
    for (const { gate } of this.all) gate.release(reason);
  }

  /** A `watermark` below this source has registered; gives what to call when it advances. */
  watermark(source: number): (w: number, idle: boolean) => void {
    return this.drift.add(source);
  }

  /** For how long a source has been held, all in all. */
  heldMs(source: number): number {
    return this.all[source]?.gate.heldMs() ?? 0;
  }

  /** Ends time at every source. */
  end(): void {
    this.between.during(() => {
      for (const [i, source] of this.all.entries()) {
        source.end();
        this.drift.finish(i);
      }
    });
  }

  /** The event in whose turn `error` was thrown. */
  culprit(error: unknown): Quarantined | undefined {
    const at = this.all.find((source) => source.turn !== undefined);
    if (at?.turn === undefined) return undefined;
    return { source: at.name, ...at.turn, position: at.position, error };
  }

  status() {
    return this.all.map((source, i) => ({
      name: source.name,
      finished: source.finished,
      held: source.gate.reasons,
      heldMs: source.gate.heldMs(),
      watermark: source.finished ? Infinity : (this.drift.watermark(i) ?? -Infinity),
      position: source.position as Position,
    }));
  }

  /** Completes the streams. */
  complete(): void {
    for (const { feed } of this.all) feed.complete();
  }

  /** Nothing more is read. */
  close(): Promise<unknown> {
    this.hold('stop');
    return Promise.all(this.all.map((source) => source.close()));
  }
}
