/** Where a command writes: files and standard output, a line at a time, with an error that names the file. */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { STANDARD } from './paths.js';

const BUFFER_CHARS = 1 << 16;

/** The streams of a process, or what stands for them. */
export interface Streams {
  readonly stdin: NodeJS.ReadableStream & import('node:stream').Readable;
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
}

/** Writes every row as one line of JSON, holding 64 KiB at most; an old content is replaced. */
export async function writeRows(
  path: string,
  rows: AsyncIterable<object>,
  stdout: Writable,
): Promise<void> {
  const out = path === STANDARD ? new StreamText(stdout) : new FileText(path, false);
  try {
    let text = '';
    for await (const row of rows) {
      text += `${JSON.stringify(row)}\n`;
      if (text.length < BUFFER_CHARS) continue;
      await out.write(text);
      text = '';
      if (out.closed) return;
    }
    if (text !== '') await out.write(text);
  } finally {
    out.close();
  }
}

/** Text into a file, at once: what was written survives a kill. */
export class FileText {
  readonly closed = false;
  private readonly fd: number;

  constructor(
    private readonly path: string,
    append: boolean,
  ) {
    this.fd = this.named(() => openSync(path, 'a'));
    // not flag 'w': a device or a pipe can be appended to, but not cut
    if (!append) this.cut();
  }

  write(text: string): void {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) {
      at += this.named(() => writeSync(this.fd, bytes, at));
    }
  }

  close(): void {
    this.named(() => closeSync(this.fd));
  }

  private cut(): void {
    try {
      ftruncateSync(this.fd, 0);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EINVAL') throw thrown;
    }
  }

  private named<T>(act: () => T): T {
    try {
      return act();
    } catch (thrown) {
      throw new Error(`${this.path} cannot be written: ${(thrown as Error).message}`, {
        cause: thrown,
      });
    }
  }
}

/** Text into a stream, no faster than it is taken; a reader that has gone away is no error. */
export class StreamText {
  closed = false;

  constructor(private readonly stream: Writable) {}

  write(text: string): Promise<void> {
    if (this.closed) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.stream.write(text, (thrown) => {
        if (!thrown) resolve();
        else if ((thrown as NodeJS.ErrnoException).code === 'EPIPE') {
          this.closed = true;
          resolve();
        } else reject(new Error(`standard output cannot be written: ${thrown.message}`));
      });
    });
  }

  close(): void {}
}

/**
 * Rows that leave by a side door, written as they come. A run that goes on from a checkpoint appends:
 * what it does again may stand there twice, but nothing is missing.
 */
export class DoorFile {
  private text: FileText | undefined;

  constructor(
    private readonly path: string | undefined,
    private readonly stdout: Writable,
  ) {}

  /** Called as each input is opened; `resumed` if it goes on from a checkpoint. The first one decides. */
  begin(resumed: boolean): void {
    if (this.path === undefined || this.path === STANDARD) return;
    this.text ??= new FileText(this.path, resumed);
  }

  write(row: object): void {
    if (this.path === undefined) return;
    const line = `${JSON.stringify(row)}\n`;
    if (this.path === STANDARD) this.stdout.write(line);
    else this.text?.write(line);
  }

  close(): void {
    this.text?.close();
    this.text = undefined;
  }
}
