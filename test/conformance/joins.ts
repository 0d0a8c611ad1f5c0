/** Families J1 JO: interval joins of two keyed streams. */
import { type IntervalJoinConfig, intervalJoin } from 'tidemark';
import type { Message } from 'tidemark/testing';
import { type Build, type Cfg, failure, type Row, timeOf, wRow } from './case.js';
import { Pipeline } from './pipeline.js';

interface Keyed {
  readonly k: string;
  readonly v: number;
}
type Config = IntervalJoinConfig<Keyed, Keyed, string, 'inner' | 'left'>;

const types: readonly unknown[] = ['inner', 'left'];

function configOf(cfg: Cfg): Omit<Config, 'late' | 'id'> | undefined {
  const { lower, upper, type = 'inner', lowerInclusive = true, upperInclusive = true } = cfg;
  if (!types.includes(type)) return undefined;
  const bounds = `${lowerInclusive ? '[' : '('}${upperInclusive ? ']' : ')'}` as Config['bounds'];
  return {
    leftKey: (e) => e.k,
    rightKey: (e) => e.k,
    lower: lower as number,
    upper: upper as number,
    type: type as 'inner' | 'left',
    bounds,
  };
}

export const joins: Build = (cfg, emit) => {
  const config = configOf(cfg);
  if (config === undefined) return undefined;
  const late: Config['late'] = (e) => emit(['late', e.side[0], e.value.k, e.value.v, e.timestamp]);
  const pipeline = new Pipeline(
    (left, right) => left.pipe(intervalJoin(right as typeof left, { ...config, id: 'join', late })),
    (m) => rowOf(m, emit),
  );
  return {
    step: ([kind, k, v, t]) => {
      if (kind === 'restore') return pipeline.restore();
      const input = `${kind}`.endsWith('r') ? 1 : 0;
      pipeline.step((h) => {
        if (kind === 'l' || kind === 'r') h.push({ k, v }, t as number, { input });
        else h.watermark(timeOf(k), input);
      });
    },
  };
};

function rowOf(m: Message, emit: (row: Row) => void): void {
  if (m.kind === 'watermark') emit(wRow(m.timestamp));
  if (m.kind === 'error') emit(failure(m.error));
  if (m.kind !== 'event') return;
  const { left, right } = m.value as { left?: Keyed; right?: Keyed };
  emit(['J', (left ?? right)?.k, left?.v ?? null, right?.v ?? null, m.timestamp]);
}
