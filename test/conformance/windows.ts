/** Families W1 W2 W3 X: keyed windows of one stream. */
import {
  type Aggregate,
  collect,
  eventTimeWindow,
  max,
  reduce,
  session,
  sliding,
  sum,
  tumbling,
  type WindowAssigner,
  type WindowResult,
} from 'tidemark';
import type { Message } from 'tidemark/testing';
import { type Build, type Cfg, failure, type Row, timeOf, wRow } from './case.js';
import { Pipeline } from './pipeline.js';

interface Keyed {
  readonly k: string;
  readonly v: number;
}

/** First v, then `(acc * 3 + v) % 1009`: depends on the order of arrival. */
function fold(acc: number | null, { v }: Keyed): number {
  return acc === null ? v : (acc * 3 + v) % 1009;
}

const aggregates: Readonly<Record<string, Aggregate<Keyed, unknown>>> = {
  sum: sum((e) => e.v),
  max: max((e) => e.v),
  collect: collect((e) => e.v),
  fold: reduce(fold, { initial: () => null }),
};

function assigner(cfg: Cfg): WindowAssigner<Keyed> | undefined {
  const { kind, size, slide, offset = 0, gap } = cfg as Record<string, number>;
  const gaps = gap as unknown as number | readonly number[];
  switch (kind as unknown) {
    case 'tumbling':
      return tumbling(size as number, { offset });
    case 'sliding':
      return sliding(size as number, slide as number, { offset });
    case 'session':
      return session(
        typeof gaps === 'number' ? gaps : (e: Keyed) => gaps[e.v % gaps.length] as number,
      );
    default:
      return undefined;
  }
}

export const windows: Build = (cfg, emit) => {
  const window = assigner(cfg);
  const result = aggregates[cfg['agg'] as string];
  const accumulation = (cfg['mode'] ?? 'accumulating') as 'accumulating' | 'discarding';
  const known = accumulation === 'accumulating' || accumulation === 'discarding';
  if (window === undefined || result === undefined || !known || cfg['trigger'] !== undefined) {
    return undefined;
  }
  const pipeline = new Pipeline(
    (in$) =>
      in$.pipe(
        eventTimeWindow({
          id: 'windows',
          window,
          key: (e: Keyed) => e.k,
          aggregate: { result },
          accumulation,
          allowedLateness: (cfg['lateness'] ?? 0) as number,
          late: (e) => emit(['late', e.value.k, e.value.v, e.timestamp]),
          missed: (e) => emit(['missed', e.value.k, e.value.v, e.timestamp, e.windows.length]),
        }),
      ),
    (m) => rowOf(m, emit),
  );
  return {
    step: ([kind, k, v, t]) => {
      if (kind === 'el') pipeline.step((h) => h.push({ k, v }, t as number));
      else if (kind === 'wm') pipeline.step((h) => h.watermark(timeOf(k)));
      else pipeline.restore();
    },
  };
};

function rowOf(m: Message, emit: (row: Row) => void): void {
  if (m.kind === 'watermark') emit(wRow(m.timestamp));
  if (m.kind === 'error') emit(failure(m.error));
  if (m.kind !== 'event') return;
  const { key, window, pane, value } = m.value as WindowResult<string, { result: unknown }>;
  const row = ['R', key, value.result, window.start, window.end, m.timestamp];
  emit(pane.changed ? row : [...row, 0]);
}
