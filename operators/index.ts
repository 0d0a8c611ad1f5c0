/** The public door of the operators: everything a pipe needs, and nothing that touches an outside world. */
export type { DedupeStats } from '../lib/dedupeState.js';
export type {
  Door,
  Duplicate,
  Invalid,
  InvalidReason,
  Late,
  Missed,
  Poison,
} from '../lib/doors.js';
export type { Duration } from '../lib/duration.js';
export {
  type Barrier,
  type Element,
  type EventElement,
  event,
  isElement,
  type Restore,
  type Status,
  type Watermark,
  type WindowBounds,
  watermarkAt,
} from '../lib/element.js';
export type { Key } from '../lib/key.js';
export type { Stats, StatsDoor } from '../lib/stats.js';
export { type DedupeBefore, type DedupeConfig, dedupe } from './dedupe.js';
