/** The project `sliding`: count and sum of each user over the last two minutes, every thirty seconds. */
import { share } from 'rxjs';
import { type Stats, sliding, tumbling, type WindowStats } from 'tidemark';
import { countsInto, inTime, once, watched } from '../main/parts.js';
import type { Context, Pipeline, Program } from '../main/program.js';
import { eventsInput } from '../main/sources.js';
import { inputCounts } from '../main/summary.js';
import { countTable } from '../main/topology.js';
import type { SlidingOptions } from './options.js';

const OUT_OF_ORDERNESS_MS = 600_000;

export function slidingProgram(options: SlidingOptions): Program {
  const result = { name: options.table, config: countTable, path: options.out };
  const beside = { name: `${options.table}_tumbling`, config: countTable, path: options.tumbling };
  return {
    name: 'sliding',
    options,
    tables: options.tumbling === undefined ? [result] : [result, beside],
    build: (context) => build(options, context),
  };
}

function build(options: SlidingOptions, context: Context): Pipeline {
  const { meters, doors, poison, inputDoors, tables } = context;
  const input = eventsInput(options, inputDoors);
  const outOfOrderness = OUT_OF_ORDERNESS_MS;
  const time = { outOfOrderness, maxFutureSkew: options.maxFutureSkewMs, meters, doors };
  const window = sliding(options.sizeMs, options.slideMs);
  const within = Math.max(outOfOrderness, options.sizeMs);
  const [table, beside] = tables;
  if (table === undefined) throw new Error('no table');
  return {
    inputs: [input],
    topology(t) {
      const events = t
        .source(input.source)
        .pipe(
          inTime('e.time', input, time),
          watched(meters),
          once('e.once', input, { within, before: { window }, meters, doors }),
          share(),
        );
      t.sink(events.pipe(countsInto(table, { id: 'sliding', window, meters, poison })));
      if (beside !== undefined) {
        const two = { id: 'tumbling', window: tumbling('2m'), meters, poison };
        t.sink(events.pipe(countsInto(beside, two)));
      }
    },
    counts(read) {
      const windows = meters.get<WindowStats>('sliding');
      const ids = meters.get<Stats>('e.once');
      return {
        events: inputCounts(read('events'), meters.get<Stats>('e.time'), ids, windows),
        windows: windows.fired,
        peak: { joinRows: 0, windows: windows.peak, dedupeKeys: ids.peak },
      };
    },
  };
}
