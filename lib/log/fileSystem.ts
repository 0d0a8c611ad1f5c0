/** What the log store asks of a file system: few steps, each of which may fail or be the last one before a crash. */

/** Files and directories. Errors have a `code` as those of Node have. */
export interface FileSystem {
  /** Makes a directory that survives a crash, and those above it. */
  makeDir(path: string): Promise<void>;
  /** The names in a directory. */
  list(path: string): Promise<readonly string[]>;
  /** Opens a file for reading and appending; makes it where it is missing. */
  open(path: string): Promise<OpenFile>;
  /** Replaces `to` in one step. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes what was made, renamed and removed in a directory survive a crash. */
  syncDir(path: string): Promise<void>;
  /** Holds a directory for one owner; gives what frees it. Rejects with a sentence when another holds it. */
  lock(path: string): Promise<() => Promise<void>>;
}

/** An open file. */
export interface OpenFile {
  size(): Promise<number>;
  /** Fewer bytes than asked for only at the end of the file. */
  read(at: number, length: number): Promise<Uint8Array>;
  /** Writes all bytes at the end, wherever that is by now. */
  append(bytes: Uint8Array): Promise<void>;
  truncate(size: number): Promise<void>;
  /** Makes everything written so far survive a crash; after a failure, nothing is known of it. */
  sync(): Promise<void>;
  /** Whether this path still names this file. */
  isAt(path: string): Promise<boolean>;
  close(): Promise<void>;
}
