/**
 * Session windows: per key the open sessions, oldest first. Memory: one record per session until it
 * expires. Deadlines are re-armed lazily: an event that extends a session touches no queue.
 */
import type { Chunks, Data } from './chunks.js';
import type { EventElement, WindowBounds } from './element.js';
import type { Key, KeyId } from './key.js';
import { deltaPaneOf, type Pane, paneOf } from './panes.js';
import { type Session, SessionLog } from './sessionLog.js';
import { setLive } from './stats.js';
import { Deadlines } from './timers.js';
import {
  ACCEPTED,
  TOO_MANY_KEYS,
  type Verdict,
  type WindowStore,
  type WindowStoreConfig,
} from './windowStore.js';
import type { SessionWindows } from './windows.js';

export class SessionStore<T> implements WindowStore<T> {
  private readonly byKey = new Map<KeyId, Session[]>();
  private readonly deadlines: Deadlines<Session>;
  private readonly log = new SessionLog(this.byKey);
  private open = 0;
  private w = -Infinity;

  constructor(
    private readonly windows: SessionWindows<T>,
    private readonly config: WindowStoreConfig<T>,
  ) {
    const typical = windows.fixedGapMs ?? 60_000;
    this.deadlines = new Deadlines(Math.max(1, Math.floor(typical / 8)));
  }

  add(id: KeyId, key: Key, e: EventElement<T>, arrival: number): Verdict {
    const t = e.timestamp;
    let gap: number;
    try {
      gap = this.windows.gapMs(e.value);
    } catch (error) {
      return { outcome: 'threw', missed: [], error };
    }
    const own = { start: t, end: t + gap };
    const list = this.byKey.get(id);
    const touched = list === undefined ? [] : list.filter((s) => s.start <= own.end && s.end >= t);
    const refusal = touched.length === 0 ? this.refuse(own, list === undefined) : undefined;
    if (refusal !== undefined) return refusal;
    const s =
      touched.length === 0 ? this.begin({ id, key, own, arrival }) : this.merge(touched, own);
    this.config.stats.taken++;
    this.config.fold.add(s.accs, e, arrival);
    this.log.touch(s);
    s.news = true;
    if (s.passed) this.fire(s, 'late');
    return ACCEPTED;
  }

  advance(w: number): void {
    this.w = w;
    if (!this.deadlines.due(w)) return;
    const firing: Session[] = [];
    this.deadlines.drain(w, (s, time) => {
      if (s.dead || s.armed !== time) return;
      if (s.end - 1 > w) {
        this.arm(s, s.end - 1);
        return;
      }
      if (!s.passed) firing.push(s);
      this.pass(s);
    });
    firing.sort((a, b) => a.end - b.end || a.start - b.start || a.born - b.born);
    for (const s of firing) {
      if (this.config.panes.closed) return;
      this.config.stats.fired++;
      if (s.news || !this.config.discarding) this.fire(s, 'onTime');
    }
  }

  waiting(): number {
    return this.open;
  }

  save(chunks: Map<string, Data>): void {
    this.log.save(chunks);
  }

  restore(chunks: Chunks, w: number): void {
    this.w = w;
    for (const s of this.log.restore(chunks)) this.revive(s);
    for (const list of this.byKey.values()) list.sort((a, b) => a.start - b.start);
  }

  private revive(s: Session): void {
    const list = this.byKey.get(s.id);
    if (list === undefined) this.byKey.set(s.id, [s]);
    else list.push(s);
    this.count(1, s.passed ? 0 : 1);
    this.arm(s, s.passed ? this.expiry(s.end) : s.end - 1);
  }

  private expiry(end: number): number {
    return end - 1 + this.config.latenessMs;
  }

  /* An event that touches no session is judged by the window that it would open. */
  private refuse(own: WindowBounds, newKey: boolean): Verdict | undefined {
    if (this.expiry(own.end) <= this.w) {
      this.config.stats.missed++;
      return { outcome: 'late', missed: [own] };
    }
    return newKey && this.byKey.size >= this.config.maxKeys ? TOO_MANY_KEYS : undefined;
  }

  private begin(first: { id: KeyId; key: Key; own: WindowBounds; arrival: number }): Session {
    const { id, key, own, arrival } = first;
    const s: Session = {
      n: arrival,
      id,
      key,
      start: own.start,
      end: own.end,
      accs: this.config.fold.create(),
      index: -1,
      fired: false,
      news: false,
      passed: own.end - 1 <= this.w,
      replaces: undefined,
      born: arrival,
      armed: 0,
      dead: false,
      changed: 0,
    };
    this.log.add(s);
    this.insert(s);
    this.count(1, s.passed ? 0 : 1);
    this.arm(s, s.passed ? this.expiry(s.end) : s.end - 1);
    return s;
  }

  private insert(s: Session): void {
    const list = this.byKey.get(s.id);
    if (list === undefined) {
      this.byKey.set(s.id, [s]);
      return;
    }
    let i = list.length;
    while (i > 0 && (list[i - 1] as Session).start > s.start) i--;
    list.splice(i, 0, s);
  }

  /* All that the event touches becomes one session; with other bounds it is a new window. */
  private merge(touched: readonly Session[], own: WindowBounds): Session {
    const s = touched[0] as Session;
    const newest = touched[touched.length - 1] as Session;
    const start = Math.min(s.start, own.start);
    const end = Math.max(newest.end, own.end);
    if (start === s.start && end === s.end) return s;
    const replaces = touched.flatMap((o) =>
      o.fired ? [{ start: o.start, end: o.end }] : (o.replaces ?? []),
    );
    for (const other of touched.slice(1)) this.absorb(s, other);
    s.start = start;
    s.end = end;
    s.fired = false;
    s.replaces = replaces.length > 0 ? replaces : undefined;
    this.rise(s);
    return s;
  }

  private absorb(s: Session, other: Session): void {
    this.config.fold.absorb(s.accs, other.accs);
    s.index = Math.max(s.index, other.index);
    s.born = Math.min(s.born, other.born);
    s.news ||= other.news;
    this.remove(other);
  }

  /* The end has moved: it may lie ahead of W again. */
  private rise(s: Session): void {
    const passed = s.end - 1 <= this.w;
    this.count(0, Number(s.passed) - Number(passed));
    s.passed = passed;
    const due = passed ? this.expiry(s.end) : s.end - 1;
    if (due < s.armed) this.arm(s, due);
  }

  private pass(s: Session): void {
    if (!s.passed) this.count(0, -1);
    this.log.touch(s);
    s.passed = true;
    if (this.expiry(s.end) <= this.w) this.remove(s);
    else this.arm(s, this.expiry(s.end));
  }

  private remove(s: Session): void {
    this.log.touch(s);
    s.dead = true;
    this.count(-1, s.passed ? 0 : -1);
    const list = this.byKey.get(s.id) as Session[];
    if (list.length === 1) this.byKey.delete(s.id);
    else list.splice(list.indexOf(s), 1);
  }

  private arm(s: Session, time: number): void {
    s.armed = time;
    this.deadlines.add(time, s);
  }

  private count(sessions: number, open: number): void {
    this.log.sessions += sessions;
    setLive(this.config.stats, this.config.stats.live + sessions);
    this.open += open;
  }

  private fire(s: Session, timing: Pane['timing']): void {
    const { panes, stats, fold, discarding } = this.config;
    const { key, accs, replaces } = s;
    this.log.touch(s);
    s.index++;
    s.fired = true;
    s.news = false;
    s.replaces = undefined;
    if (discarding) s.accs = fold.create();
    stats.panes++;
    const pane = (discarding ? deltaPaneOf : paneOf)(timing, s.index, this.w >= this.expiry(s.end));
    panes.emitReplacing({ key, window: { start: s.start, end: s.end }, pane }, accs, replaces);
  }
}
