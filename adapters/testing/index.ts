/** Tests in event time: marbles whose letters carry their event time. */
export { type ArraySourceConfig, arraySource } from './arraySource.js';
export {
  type EventTimeTest,
  type Expectation,
  eventTimeTest,
  type RecordingDoor,
  type TestOptions,
} from './eventTimeTest.js';
export { failureOf, MarbleError } from './failure.js';
export type { Message, Values } from './message.js';
export { scriptError } from './notation.js';
export type { Fact, Scene, SceneLane } from './scene.js';
