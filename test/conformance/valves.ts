/** Family DV: the valve alone, its inputs moved one by one. */
import { Valve } from '#lib/valve.js';
import { type Build, timeOf, wRow } from './case.js';

export const valves: Build = (cfg, emit) => {
  const valve = new Valve('ignore');
  const channels = cfg['channels'] as number;
  for (let i = 0; i < channels; i++) valve.add();
  let w = valve.watermark;
  let status = valve.status;
  return {
    step: ([kind, channel, t]) => {
      const i = channel as number;
      if (kind === 'idle') valve.idle(i);
      else if (kind === 'active') valve.active(i);
      else if (t === 'MAX') valve.finish(i);
      else valve.advance(i, timeOf(t));
      if (valve.watermark > w) {
        w = valve.watermark;
        emit(wRow(w));
      }
      if (valve.status !== status && !valve.allFinished) {
        status = valve.status;
        emit([status.toUpperCase()]);
      }
    },
  };
};
