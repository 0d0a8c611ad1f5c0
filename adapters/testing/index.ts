/** Tests in event time: marbles whose letters carry their event time. */

export { type ArraySourceConfig, arraySource } from './arraySource.js';
export { ArrivalClock } from './arrivalClock.js';
export { type AsyncTestOptions, eventTimeTestAsync } from './asyncTest.js';
export type { Counters } from './counters.js';
export type { Assert } from './current.js';
export { type DisorderConfig, disorder } from './disorder.js';
export type { Build } from './drive.js';
export type { FakeTimers } from './driver.js';
export { eventTimeTest } from './eventTimeTest.js';
export { failureOf, MarbleError } from './failure.js';
export { FixtureError } from './fixtureLine.js';
export { Harness, type HarnessOptions, harness, type PushOptions } from './harness.js';
export { type Law, OperatorLawError } from './lawError.js';
export type { LawScript } from './lawScript.js';
export { assertOperatorLaws, type LawOptions, type OperatorLaw, operatorLaws } from './laws.js';
export type {
  BarrierMessage,
  EndMessage,
  ErrorMessage,
  EventMessage,
  Message,
  PaneMessage,
  SplitsMessage,
  StatusMessage,
  ValueMessage,
  Values,
  WatermarkMessage,
} from './message.js';
export type {
  Drawn,
  Fate,
  Picture,
  PictureEvent,
  PictureOptions,
  PicturePane,
  PictureWindow,
  WatermarkStep,
} from './picture.js';
export { pictureOf } from './pictureOf.js';
export { type TextOptions, toText } from './plot.js';
export { Recording } from './recording.js';
export type { Fact, Scene, SceneLane } from './scene.js';
export { MarbleScheduler } from './scheduler.js';
export {
  type EventStep,
  fixture,
  type LanesOptions,
  type MarblesOptions,
  marbles,
  Script,
  type ScriptOptions,
  script,
} from './script.js';
export { scriptError } from './scriptError.js';
export { marbleSerializer } from './snapshot.js';
export { type SvgOptions, toSvg } from './svg.js';
export { MarbleSyntaxError } from './syntaxError.js';
export type { Time } from './times.js';
export type {
  AsyncEventTimeTest,
  EventTimeTest,
  Expectation,
  RecordingDoor,
  TestOptions,
  TestTools,
} from './tools.js';
