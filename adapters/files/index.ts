/** The door `tidemark/files`: NDJSON files, gzip files, standard input and other lines as sources; a store, and a sink, in files. */
export type { FileSystem, OpenFile } from '../../lib/log/fileSystem.js';
export type { Recovery } from '../../lib/log/recovery.js';
export type { LogStatus } from '../../lib/log/store.js';
export { rowOfJson } from '../../lib/rowJson.js';
export type { Decoded, JsonObject, RejectedLine } from './gate.js';
export type { LineProblem } from './lines.js';
export {
  type NdjsonSink,
  type NdjsonSinkConfig,
  ndjsonSink,
  type RollConfig,
} from './ndjsonSink.js';
export type { Damage, LineCounts, LinePosition, Lines } from './reader.js';
export { DamagedSinkError } from './sinkManifest.js';
export {
  fromNdjson,
  type LineDoors,
  type LineSourceConfig,
  lineSource,
  type NdjsonConfig,
  ndjsonSource,
} from './source.js';
export { type FileStore, type FileStoreConfig, fileStore } from './store.js';
