/** The inputs of a command as sources: files, standard input, synthetic lines or the bundled log. */

import type { Readable } from 'node:stream';
import type { Source } from 'tidemark';
import { type LineCounts, type LineDoors, lineSource, ndjsonSource } from 'tidemark/files';
import { bundledEvents, bundledProfiles } from './bundled.js';
import { type SyntheticLines, syntheticEvents, syntheticProfiles } from './generate.js';
import { IndexedLines } from './indexedLines.js';
import type { InputOptions } from './options.js';
import { paced } from './pace.js';
import { type Decode, events, type Profile, profiles, type UserEvent } from './rows.js';

export type InputName = 'events' | 'profiles';

/** A line that is no row, and in which input. */
export interface Rejected {
  readonly input: InputName;
  readonly line: number;
  readonly kind: 'malformed' | 'invalid';
  readonly reason: string;
  readonly text: string;
}

export interface InputDoors {
  readonly stdin: Readable;
  readonly rejected: (row: Rejected) => void;
  /** An input begins, or goes on from a checkpoint. */
  readonly opened: (input: InputName, from: LineCounts | undefined) => void;
}

/** A source, and what is known of it from outside. */
export interface Input<T> {
  readonly name: InputName;
  /** What is read: the path, or the description of what is made; part of its positions. */
  readonly origin: string;
  readonly source: Source<T>;
  /** The line of the row that it emitted last: for the doors of the operators behind it. */
  readonly line: () => number;
}

export function eventsInput(o: InputOptions, doors: InputDoors): Input<UserEvent> {
  return input('events', o, events(o.lenient), doors);
}

export function profilesInput(o: InputOptions, doors: InputDoors): Input<Profile> {
  return input('profiles', o, profiles(o.lenient), doors);
}

function input<T>(
  name: InputName,
  o: InputOptions,
  decode: Decode<T>,
  doors: InputDoors,
): Input<T> {
  let last = 0;
  const common: LineDoors<T> = {
    name,
    decode(object, line) {
      last = line;
      return decode(object);
    },
    rejected: (row) => doors.rejected({ input: name, ...row }),
    damaged: () => {}, // its position says so, also after a restart
  };
  const path = o[name];
  const origin =
    path ?? (o.generate === undefined ? 'the bundled log' : JSON.stringify(o.generate));
  const source: Source<T> =
    path === undefined
      ? lineSource({ ...common, input: origin, open: opener(name, o) })
      : ndjsonSource({ ...common, path, stdin: doors.stdin });
  const told: Source<T> = {
    ...source,
    open(position, out) {
      doors.opened(name, position as LineCounts | undefined);
      return source.open(position, out);
    },
  };
  return {
    name,
    origin,
    source: o.rate === undefined ? told : paced(told, o.rate),
    line: () => last,
  };
}

function opener(name: InputName, o: InputOptions): (at: unknown) => IndexedLines {
  const { count, lineAt } = o.generate === undefined ? bundled(name) : synthetic(name, o.generate);
  return (at) => new IndexedLines(count, lineAt, at);
}

function synthetic(name: InputName, o: NonNullable<InputOptions['generate']>): SyntheticLines {
  return name === 'events' ? syntheticEvents(o) : syntheticProfiles(o);
}

function bundled(name: InputName): SyntheticLines {
  const lines = name === 'events' ? bundledEvents() : bundledProfiles();
  return { count: lines.length, lineAt: (i) => lines[i] ?? '' };
}
