/** The door `tidemark/files`: NDJSON files, gzip files, standard input and other lines as sources. */
export type { Decoded, JsonObject, RejectedLine } from './gate.js';
export type { LineProblem } from './lines.js';
export type { Damage, LineCounts, LinePosition, Lines } from './reader.js';
export {
  fromNdjson,
  type LineDoors,
  type LineSourceConfig,
  lineSource,
  type NdjsonConfig,
  ndjsonSource,
} from './source.js';
