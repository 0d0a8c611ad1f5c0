/** Pictures of scripts and recordings: arrival against event time, as plain data that is then drawn. */
import type { Duration } from '../../../lib/duration.js';
import type { WindowBounds } from '../../../lib/element.js';
import type { Instant } from '../../../lib/instant.js';
import type { Pane } from '../../../lib/panes.js';
import type { WindowAssigner } from '../../../lib/windows.js';
import type { Message } from '../script/message.js';

/**
 * What became of an event: `late` came behind the watermark, `lateTaken` too, but its window was
 * still open to it; `duplicate` and `invalid` are what those side doors got.
 */
export type Fate = 'onTime' | 'lateTaken' | 'late' | 'duplicate' | 'invalid';

/** An event of a picture. */
export interface PictureEvent {
  /** Arrival, ms since the beginning of the test. */
  readonly frame: number;
  /** Event time, epoch ms; undefined where the event has none. */
  readonly timestamp: number | undefined;
  /** Its letter, or its value where that is short; else empty. */
  readonly name: string;
  readonly fate: Fate;
  /** The watermark when it arrived; −∞: there was none. */
  readonly watermark: number;
}

/** The watermark reached `timestamp` (epoch ms; +∞ at the end) at arrival `frame`. */
export interface WatermarkStep {
  readonly frame: number;
  readonly timestamp: number;
}

/** A pane left at arrival `frame`. */
export interface PicturePane {
  readonly frame: number;
  readonly timing: Pane['timing'];
}

/** A window of any key, and when its panes left. */
export interface PictureWindow extends WindowBounds {
  /** When the watermark passed its last instant. */
  readonly passed: number | undefined;
  /** When it closed: `allowedLateness` later. */
  readonly closed: number | undefined;
  readonly panes: readonly PicturePane[];
}

/** Everything that a picture shows, in order of arrival; windows in order of (start, end). */
export interface Picture {
  readonly title: string | undefined;
  /** What event times are counted from; times near it are shown as times of the calendar. */
  readonly epoch: number;
  readonly events: readonly PictureEvent[];
  readonly watermarks: readonly WatermarkStep[];
  readonly windows: readonly PictureWindow[];
  /** The last frame in which anything happened. */
  readonly lastFrame: number;
}

/** Messages, or what has some: a script, a recording, a door. */
export type Drawn =
  | readonly Message[]
  | { readonly messages: readonly Message[]; readonly epoch?: number };

/** What a picture knows besides the script. */
export interface PictureOptions<T = any> {
  /** What the picture is called. @default how many events of which fate there are */
  readonly title?: string;
  /** What event times are counted from. @default that of the script, else 0 */
  readonly epoch?: Instant;
  /** What the pipeline emitted: its window results, and its watermarks where the script has none. */
  readonly out?: Drawn;
  /** What the side doors got. With `late`, events behind the watermark that it did not get were taken. */
  readonly late?: Drawn;
  readonly duplicate?: Drawn;
  readonly invalid?: Drawn;
  /** Without `out`: windows that the picture computes, as `eventTimeWindow` would. */
  readonly windows?: WindowAssigner<T>;
  /** For `windows`. @default one key */
  readonly key?: (value: T) => any;
  /** For `windows`. @default 0 */
  readonly allowedLateness?: Duration;
  /** Draws the watermark that `watermark({ outOfOrderness })` would make, not that of the script. */
  readonly outOfOrderness?: Duration;
  /** Gives bare values of the script their event time; invalid where it gives none. */
  readonly timestamp?: (value: T) => Instant;
}
