/** When a failed job starts again: with back-off, until it fails too often at one position. */
import { type BackOff, backOff } from '../backOff.js';
import type { Door } from '../doors.js';
import { type Duration, durationOption } from '../duration.js';
import { configError, JobError, messageOf, optionsOf, show } from '../errors.js';
import { isConnectionFault, isUnusable } from '../storeFault.js';
import type { Quarantined } from './sources/quarantine.js';

/** After a failure the job starts again from its newest checkpoint, at first soon, then ever later. */
export interface RestartConfig {
  /** How often it may fail at one event, or at one position of its sources, before it stops and names it; 1: never again. @default 3 */
  readonly attempts?: number;
  /** The first wait; it doubles until a checkpoint has been written. @default '1s' */
  readonly delay?: Duration;
  /** @default '1m' */
  readonly maxDelay?: Duration;
  /** How long a store may be away before the job stops; given beside `attempts: 1`, it is waited for all the same. @default '5m' */
  readonly outage?: Duration;
  /**
   * Told of an event at which the job has failed `attempts` times; from then on it is left out, and
   * of a source with splits whatever of the same split is equal to it. A process that is started
   * again has to fail at it anew, unless a checkpoint has passed it. More than ten between two
   * checkpoints stop the job after all. @default the job stops at the first
   */
  readonly quarantine?: Door<Quarantined>;
}

export interface RestartSettings extends BackOff {
  /** Failures at one position before the job stops; 1 is no restart. */
  readonly attempts: number;
  /** How long a store may be away before the job stops. */
  readonly outageMs: number;
  /** Whether a store that is away is waited for by starting again. */
  readonly outlasts: boolean;
}

/** Checks what a user gave. @throws TypeError */
export function restartSettings(config?: RestartConfig): RestartSettings {
  const given = optionsOf('job', 'restart', config);
  const { attempts = 3, delay = '1s', maxDelay = '1m', outage = '5m' } = given;
  if (attempts !== Infinity && !(Number.isInteger(attempts) && attempts > 0)) {
    throw configError('job', 'restart.attempts', 'an integer > 0, or Infinity', attempts);
  }
  return {
    attempts,
    delayMs: durationOption('job', 'restart.delay', delay, 'positive'),
    maxDelayMs: durationOption('job', 'restart.maxDelay', maxDelay, 'positive'),
    outageMs: durationOption('job', 'restart.outage', outage, 'nonNegative'),
    outlasts: attempts !== 1 || given.outage !== undefined,
  };
}

export interface Failure {
  readonly thrown: unknown;
  /** The newest durable checkpoint. */
  readonly n: number;
  /** Where each source stood, by name. */
  readonly positions: readonly (readonly [name: string, position: unknown])[];
  /** Tells the event at which it was thrown from others; undefined where it was at none. */
  readonly event: string | undefined;
  readonly now: number;
}

/** What comes of a failure: another run after so many milliseconds, or the end. */
export type Verdict =
  | { readonly afterMs: number }
  /** `stuck`: it has failed too often at one position. */
  | { readonly error: unknown; readonly stuck?: boolean };

/** Another run would say the same. */
const FINAL = new Set(['FencedError', 'JobError', 'SettingsError', 'CodecError', 'SplitError']);

export class Restarts {
  /** Runs after the first. */
  count = 0;
  private n = -1;
  private inRow = 0;
  private awaySince: number | undefined;
  private place = '';
  private here = 0;

  constructor(
    private readonly job: string,
    private readonly settings: RestartSettings,
  ) {}

  judge(failure: Failure): Verdict {
    if (failure.n !== this.n) {
      this.n = failure.n;
      this.inRow = 0;
      this.awaySince = undefined;
    }
    const { thrown } = failure;
    if (isUnusable(thrown)) return { error: thrown };
    if (thrown instanceof Error && FINAL.has(thrown.name)) return { error: thrown };
    const stuck = !isConnectionFault(thrown);
    const error = stuck ? this.stuck(failure) : this.away(failure);
    if (error !== undefined) return { error, stuck };
    return { afterMs: stuck ? this.delay() : Math.min(this.delay(), this.leftMs(failure.now)) };
  }

  /** How long to wait before a run that leaves out what the one before failed at. */
  anew(): number {
    this.inRow = 0;
    return this.delay();
  }

  private delay(): number {
    this.count++;
    return backOff(this.settings, ++this.inRow);
  }

  /* A store that is away says nothing of the position. */
  private away({ thrown, now }: Failure): unknown {
    const { outlasts, outageMs } = this.settings;
    this.awaySince ??= now;
    if (!outlasts || now - this.awaySince >= outageMs) return thrown;
    return undefined;
  }

  /* The last try is made as the outage ends, not a whole wait later. */
  private leftMs(now: number): number {
    return (this.awaySince ?? now) + this.settings.outageMs - now;
  }

  private stuck({ thrown, positions, event }: Failure): unknown {
    const { attempts } = this.settings;
    const place = positions.map(([name, at]) => `${show(name)} at ${show(at)}`).join(', ');
    this.here = (event ?? place) === this.place ? this.here + 1 : 1;
    this.place = event ?? place;
    if (this.here < attempts) return undefined;
    if (attempts === 1) return thrown;
    const detail = `it has failed ${attempts} times at one position (${place}): ${messageOf(thrown)}`;
    return new JobError(this.job, detail, { cause: thrown });
  }
}
