/** What the tables of the simulated jobs must hold, computed from the input read so far; no operator is used. */
import type { Row } from 'tidemark';
import type { Read } from 'tidemark/testing';
import { BOUND, type Click, type Profile, type Splits } from './inputs.js';

export const SIZE = 100;
/** For how long an id is remembered. */
export const WITHIN = 120;
/** How far a profile may be from the end of a window. */
export const REACH = 150;

/** W of a source: the least of its splits, each the newest row less the bound. */
function watermarkOf(
  splits: Splits<{ readonly at: number }>,
  finished: boolean,
  bound = BOUND,
): number {
  if (finished) return Infinity;
  return Math.min(
    ...Object.values(splits).map((rows) => Math.max(-Infinity, ...rows.map((r) => r.at)) - bound),
  );
}

/**
 * The clicks that windows take: neither late nor repeated. With several splits there are no late
 * ones, so that it does not matter in which order they were read.
 */
export function taken(splits: Splits<Click>, size: number, bound = BOUND): Click[] {
  const firsts = new Map<string, number>();
  const out: Click[] = [];
  const single = Object.keys(splits).length === 1;
  let newest = -Infinity;
  for (const c of Object.values(splits).flat()) {
    const w = single ? newest - bound : -Infinity;
    newest = Math.max(newest, c.at);
    if (c.at + WITHIN <= w) continue;
    const first = firsts.get(c.id);
    if (first !== undefined && first + WITHIN > w) continue;
    firsts.set(c.id, c.at);
    const end = Math.floor(c.at / size) * size + size;
    if (end - 1 > w) out.push(c);
  }
  return out;
}

export interface Counted {
  readonly start: number;
  readonly user: string;
  readonly n: number;
  readonly total: number;
}

/** Tumbling windows that have fired. */
export function windows(read: Read, source: string, size = SIZE): Counted[] {
  const splits = read.events<Click>(source);
  const w = watermarkOf(splits, read.finished(source));
  return counts(taken(splits, size), size).filter(({ start }) => start + size - 1 <= w);
}

/** Tumbling windows of these clicks. */
export function counts(clicks: readonly Click[], size = SIZE): Counted[] {
  const rows = new Map<string, Counted>();
  for (const c of clicks) {
    const start = Math.floor(c.at / size) * size;
    const id = `${start} ${c.user}`;
    const { n = 0, total = 0 } = rows.get(id) ?? {};
    rows.set(id, { start, user: c.user, n: n + 1, total: total + c.value });
  }
  return [...rows.values()];
}

export function rowsOf(counted: readonly Counted[]): Row[] {
  return counted.map((row) => ({ ...row }));
}

/** Each id once. */
export function unique(clicks: readonly Click[]): Click[] {
  return [...new Map(clicks.map((c) => [c.id, c])).values()];
}

/** Windows with the newest profile around their end; without one, when none can come any more. */
export function joined(read: Read): Row[] {
  const splits = read.events<Profile>('profiles');
  const all = Object.values(splits).flat();
  const w = Math.min(
    watermarkOf(splits, read.finished('profiles')),
    watermarkOf(read.events<Click>('clicks'), read.finished('clicks')),
  );
  return windows(read, 'clicks').flatMap((row) => {
    const last = row.start + SIZE - 1;
    const near = all.filter((p) => p.user === row.user && Math.abs(p.at - last) <= REACH);
    const newest = near.sort((a, b) => b.at - a.at)[0];
    if (newest === undefined && last + REACH > w) return [];
    return [{ ...row, plan: newest?.plan ?? null }];
  });
}

/** Sessions of all clicks: those closer than `gap` belong together. */
export function sessions(clicks: readonly Click[], gap: number): Row[] {
  const byUser = new Map<string, Click[]>();
  for (const c of clicks) byUser.set(c.user, [...(byUser.get(c.user) ?? []), c]);
  const rows: Row[] = [];
  for (const [user, own] of byUser) {
    let open: { start: number; end: number; n: number; total: number } | undefined;
    const close = () => open && rows.push({ user, ...open });
    for (const { at, value } of own.sort((a, b) => a.at - b.at)) {
      if (open !== undefined && at <= open.end) {
        open = { ...open, end: at + gap, n: open.n + 1, total: open.total + value };
      } else {
        close();
        open = { start: at, end: at + gap, n: 1, total: value };
      }
    }
    close();
  }
  return rows;
}
