/** Tests in event time: marbles whose letters carry their event time. */

export { type DisorderConfig, disorder } from './disorder/disorder.js';
export { type ArraySourceConfig, arraySource } from './laws/arraySource.js';
export { ArrivalClock } from './laws/arrivalClock.js';
export type { Build } from './laws/drive.js';
export { Harness, harness } from './laws/harness.js';
export type { HarnessOptions, PushOptions } from './laws/harnessOptions.js';
export { type Law, OperatorLawError } from './laws/lawError.js';
export type { LawScript } from './laws/lawScript.js';
export {
  assertOperatorLaws,
  type LawOptions,
  type OperatorLaw,
  operatorLaws,
} from './laws/laws.js';
export type {
  Drawn,
  Fate,
  Picture,
  PictureEvent,
  PictureOptions,
  PicturePane,
  PictureWindow,
  WatermarkStep,
} from './picture/picture.js';
export { pictureOf } from './picture/pictureOf.js';
export { type TextOptions, toText } from './picture/plot.js';
export { type SvgOptions, toSvg } from './picture/svg.js';
export { failureOf, MarbleError } from './report/failure.js';
export type { Fact, Scene, SceneLane } from './report/scene.js';
export { marbleSerializer } from './report/snapshot.js';
export { type AsyncTestOptions, eventTimeTestAsync } from './run/asyncTest.js';
export type { Counters } from './run/counters.js';
export type { Assert } from './run/current.js';
export type { FakeTimers } from './run/driver.js';
export { eventTimeTest } from './run/eventTimeTest.js';
export { Recording } from './run/recording.js';
export { MarbleScheduler, type SchedulerOptions } from './run/scheduler.js';
export type {
  AsyncEventTimeTest,
  EventTimeTest,
  Expectation,
  RecordingDoor,
  TestOptions,
  TestTools,
} from './run/tools.js';
export { FixtureError } from './script/fixtureLine.js';
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
} from './script/message.js';
export {
  type EventStep,
  fixture,
  type LanesOptions,
  type MarblesOptions,
  marbles,
  Script,
  type ScriptOptions,
  script,
} from './script/script.js';
export { scriptError } from './script/scriptError.js';
export { MarbleSyntaxError } from './script/syntaxError.js';
export type { Time } from './script/times.js';
export {
  assertSurvives,
  type SeedsOptions,
  type SeedsResult,
  SimulationError,
} from './simulator/assertSurvives.js';
export type {
  SimulatedJob,
  SimulatedStore,
  SimulationConfig,
  SimulationResult,
  StoreSite,
  World,
} from './simulator/config.js';
export {
  type CrashPoint,
  type CrashPointsOptions,
  type CrashPointsResult,
  crashPoints,
} from './simulator/crashPoints.js';
export {
  type EventFault,
  type EventFaultKind,
  eventFaultKinds,
  type FaultKind,
  type FaultRates,
  faultKinds,
  faultText,
  type SimulatedFault,
  type StepFault,
  type StepFaultKind,
  stepFaultKinds,
} from './simulator/faults.js';
export type { SimulatedInput } from './simulator/logSource.js';
export { shrink } from './simulator/shrink.js';
export { simulate } from './simulator/simulate.js';
export { type TraceLine, traceText } from './simulator/trace.js';
export type { Oracle, Read, Violation } from './simulator/watch.js';
export {
  type Fault,
  FaultyFiles,
  type FaultyFilesConfig,
  faultyFiles,
} from './stores/faultyFiles.js';
export { StoreLawError } from './stores/lawError.js';
export type { Crash } from './stores/simulatedDisk.js';
export { assertStoreLaws, type StoreLaw, storeLaws } from './stores/storeLaws.js';
export type { StoreUnderTest } from './stores/under.js';
