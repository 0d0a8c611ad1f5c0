/** Families J1 JO: interval joins of two keyed streams. */
import { type Element, event, type IntervalJoinConfig, intervalJoin, watermarkAt } from 'tidemark';
import { type Build, type Cfg, type Row, timeOf, wRow } from './case.js';
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
    ([left, right], id) =>
      (left as NonNullable<typeof left>).pipe(
        intervalJoin(right as NonNullable<typeof right>, { ...config, id, late }),
      ),
    2,
    { next: (e) => rowOf(e, emit), error: (thrown) => emit(['ERROR', String(thrown)]) },
  );
  return {
    step: ([kind, k, v, t]) => {
      const input = `${kind}`.endsWith('r') ? 1 : 0;
      if (kind === 'restore') pipeline.restore();
      else if (kind === 'l' || kind === 'r') pipeline.push(event({ k, v }, t as number), input);
      else pipeline.push(watermarkAt(timeOf(k)), input);
    },
  };
};

function rowOf(e: Element<any>, emit: (row: Row) => void): void {
  if (e.kind === 'watermark') emit(wRow(e.timestamp));
  if (e.kind !== 'event') return;
  const { left, right } = e.value;
  emit(['J', (left ?? right).k, left?.v ?? null, right?.v ?? null, e.timestamp]);
}
