/** The public door of the operators: everything a pipe needs, and nothing that touches an outside world. */
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
