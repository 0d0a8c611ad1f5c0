/** Tests in event time for any order of arrival: arbitraries of fast-check, and the law in one line. */
export { type AnyArrivalOrderOptions, anyArrivalOrder } from './anyArrivalOrder.js';
export { type AnyScriptOptions, anyScript } from './anyScript.js';
export {
  assertSameUnderAnyArrival,
  type SameUnderAnyArrivalOptions,
} from './assertSameUnderAnyArrival.js';
export type { Emitted, Pipeline, Sent } from './outcome.js';
