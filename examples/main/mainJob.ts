/** The main job as a program: its tables, its inputs, its pipeline and its counts. */
import type { JoinStats, Stats, WindowStats } from 'tidemark';
import type { MainOptions } from './options.js';
import type { Context, Pipeline, Program } from './program.js';
import { eventsInput, profilesInput } from './sources.js';
import { inputCounts } from './summary.js';
import { countTable, mainTable, mainTopology } from './topology.js';

export function mainProgram(options: MainOptions): Program {
  const result = { name: options.table, config: mainTable, path: options.out };
  const beside = { name: `${options.table}_sliding`, config: countTable, path: options.sliding };
  return {
    name: 'main',
    options,
    tables: options.sliding === undefined ? [result] : [result, beside],
    build: (context) => build(options, context),
  };
}

function build(options: MainOptions, context: Context): Pipeline {
  const { meters, doors, poison, inputDoors, tables } = context;
  const events = eventsInput(options, inputDoors);
  const profiles = profilesInput(options, inputDoors);
  const [table, sliding] = tables;
  if (table === undefined) throw new Error('no table');
  const topology = mainTopology({
    options,
    events,
    profiles,
    table,
    sliding,
    meters,
    doors,
    poison,
  });
  const stats = (name: string) => meters.get<Stats>(name);
  return {
    inputs: [events, profiles],
    topology,
    counts(read) {
      const windows = meters.get<WindowStats>('per-user');
      const join = meters.get<JoinStats>('plan');
      return {
        events: inputCounts(read('events'), stats('e.time'), stats('e.once'), windows),
        profiles: inputCounts(read('profiles'), stats('p.time'), join.right ?? {}),
        windows: windows.fired,
        peak: { joinRows: join.peak, windows: windows.peak, dedupeKeys: stats('e.once').peak },
      };
    },
  };
}
