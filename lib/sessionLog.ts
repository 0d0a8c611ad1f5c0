/**
 * Sessions as they are saved: one log of those that changed, with a row for each that has gone. Memory:
 * what changed after the newest capture; nothing before the first.
 */
import type { Chunks, Data } from './chunks.js';
import type { WindowBounds } from './element.js';
import type { Accumulators } from './fold.js';
import { type Key, type KeyId, keyId } from './key.js';
import { PagedLog, rowsOf, rowsWithin, savedGroups } from './pagedLog.js';

export interface Session {
  /** The arrival that began it, which no other session has. */
  readonly n: number;
  readonly id: KeyId;
  readonly key: Key;
  start: number;
  end: number;
  accs: Accumulators;
  /** Of the newest pane, of this window or of one that it absorbed; −1: none. */
  index: number;
  /** A pane of exactly this window has left. */
  fired: boolean;
  /** Something came since the newest pane. */
  news: boolean;
  /** W has passed the end. */
  passed: boolean;
  replaces: WindowBounds[] | undefined;
  /** The earliest first arrival of all that it absorbed. */
  born: number;
  /** The deadline that counts; other entries of the queue are stale. */
  armed: number;
  dead: boolean;
  /** The capture after which it changed last. */
  changed: number;
}

const SESSIONS = 'sessions';

export class SessionLog {
  /** How many there are. */
  sessions = 0;
  private log = new PagedLog(SESSIONS);
  private captures = 0;
  private news: Session[] = [];

  constructor(private readonly byKey: ReadonlyMap<KeyId, readonly Session[]>) {}

  /** A session has begun. */
  add(s: Session): void {
    s.changed = this.captures;
    if (this.captures > 0) this.news.push(s);
  }

  /** A session is about to change, or to go. */
  touch(s: Session): void {
    if (s.changed === this.captures) return;
    s.changed = this.captures;
    this.news.push(s);
  }

  save(chunks: Map<string, Data>): void {
    const live = rowsWithin(this.sessions, () => this.each(), savedSession);
    this.log.save(chunks, live, rowsOf(this.news, savedSession));
    this.news = [];
    this.captures++;
  }

  /** The sessions that were saved, in no order. */
  restore(chunks: Chunks): Session[] {
    const saved = new Map<number, SavedSession>();
    for (const { log, pages } of savedGroups(chunks, SESSIONS)) {
      this.log = log;
      for (const row of pages.flat() as (SavedSession | readonly [n: number])[]) {
        if (row.length === 1) saved.delete(row[0]);
        else saved.set(row[0], row);
      }
    }
    this.captures++;
    return [...saved.values()].map(restoredSession);
  }

  private *each(): Generator<Session> {
    for (const list of this.byKey.values()) yield* list;
  }
}

/* Of one that has gone, only what tells it from others. */
function savedSession(s: Session): SavedSession | readonly [n: number] {
  const { n, key, accs, start, end, born, index, fired, news, passed, replaces } = s;
  if (s.dead) return [n];
  return [n, key, accs, [start, end, born, index], [fired, news, passed], replaces ?? null];
}

/* Written out, in the order of a new one: a million spreads take seconds, and other shapes make all of them slow. */
function restoredSession([n, key, accs, from, state, replaces]: SavedSession): Session {
  const [start, end, born, index] = from;
  const [fired, news, passed] = state;
  return {
    n,
    id: keyId(key) as KeyId,
    key,
    start,
    end,
    accs,
    index,
    fired,
    news,
    passed,
    replaces: replaces ?? undefined,
    born,
    armed: 0,
    dead: false,
    changed: 0,
  };
}

type SavedSession = readonly [
  n: number,
  key: Key,
  accs: Accumulators,
  from: readonly [start: number, end: number, born: number, index: number],
  state: readonly [fired: boolean, news: boolean, passed: boolean],
  replaces: WindowBounds[] | null,
];
