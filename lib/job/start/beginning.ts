/** Where a job begins that has no checkpoint yet: at positions, at an event time, or as another job stands. */
import { configError, FencedError, JobError, optionsOf, show } from '../../errors.js';
import { type Instant, toInstant } from '../../instant.js';
import type { Checkpoint, CheckpointStore, Ownership, Position, Source } from '../../ports.js';
import { isOutboxPiece } from '../sinks/outbox.js';
import type { SavedSource } from '../sources/sourceRun.js';

/** One of these; it counts until the job has a checkpoint of its own. */
export interface StartConfig {
  /** The id of another job in the same store: its newest checkpoint becomes the first one of this job. */
  readonly from?: string;
  /**
   * Sources begin where none before has a row of this event time or a later one, and what is before
   * it is late: give the start of a window. Each source must have `seek`.
   */
  readonly time?: Instant;
  /** Positions of sources by name, as `status()` gives them; the others begin at their beginning. */
  readonly positions?: Readonly<Record<string, Position>>;
}

/** The run that begins. */
interface Run {
  readonly job: string;
  readonly task: string;
  readonly store: CheckpointStore;
  readonly sources: readonly { readonly source: Source<any> }[];
}

/** What a run begins with where it has no checkpoint. */
export interface Began {
  readonly checkpoint: Checkpoint | undefined;
  readonly positions: ReadonlyMap<string, SavedSource>;
  /** What is at or before it is late. */
  readonly floor: number | undefined;
  /** Makes what it begins with its own: to be called when all operators have taken it, before a source opens. */
  readonly adopt: () => Promise<void>;
}

const NOTHING: Began = {
  ...{ checkpoint: undefined, positions: new Map(), floor: undefined },
  adopt: async () => {},
};

export class Beginning {
  private readonly time: number | undefined;

  /** @throws TypeError on a wrong option */
  constructor(private readonly config: StartConfig | undefined) {
    const { from, time, positions } = optionsOf('job', 'start', config);
    const given = [from, time, positions].filter((one) => one !== undefined);
    if (config !== undefined && given.length !== 1) {
      throw configError('job', 'start', 'one of `from`, `time` and `positions`', config);
    }
    if (from !== undefined && (typeof from !== 'string' || from === '')) {
      throw configError('job', 'start.from', 'the id of a job', from);
    }
    optionsOf('job', 'start.positions', positions);
    const ms = time === undefined ? undefined : toInstant(time);
    if (ms !== undefined && typeof ms !== 'number') {
      throw configError('job', 'start.time', 'an instant', time);
    }
    this.time = ms;
  }

  /** @throws JobError where it cannot begin there */
  async of(run: Run, owned: Ownership, fingerprint: string): Promise<Began> {
    const { from, positions } = this.config ?? {};
    const sources = run.sources.map(({ source }) => source);
    if (from !== undefined) {
      const other = await standing(run, from);
      const adopt = () => copy(run, other, { epoch: owned.epoch, fingerprint });
      return { ...NOTHING, checkpoint: { ...other, n: FIRST }, adopt };
    }
    if (positions !== undefined)
      return { ...NOTHING, positions: given(run.job, sources, positions) };
    if (this.time === undefined) return NOTHING;
    return {
      ...NOTHING,
      positions: await sought(run.job, sources, this.time),
      floor: this.time - 1,
    };
  }
}

function given(
  job: string,
  sources: readonly Source<unknown>[],
  positions: Readonly<Record<string, Position>>,
): ReadonlyMap<string, SavedSource> {
  const all = new Map(Object.entries(positions));
  for (const name of all.keys()) {
    if (sources.some((source) => source.name === name)) continue;
    throw new JobError(
      job,
      `it has no source ${show(name)}, for which \`start.positions\` has one`,
    );
  }
  return new Map([...all].map(([name, at]) => [name, { at, finished: false }]));
}

async function sought(
  job: string,
  sources: readonly Source<unknown>[],
  time: number,
): Promise<ReadonlyMap<string, SavedSource>> {
  const found = new Map<string, SavedSource>();
  for (const source of sources) {
    if (source.seek === undefined) {
      throw new JobError(
        job,
        `source ${show(source.name)} cannot find a time; wrap it in seekable(...), or begin at \`start.positions\``,
      );
    }
    found.set(source.name, { at: await source.seek(time), finished: false });
  }
  return found;
}

/* The n of a checkpoint that was another job's. */
const FIRST = 1;

/* The newest checkpoint of another job, as far as this one can go on from it. */
async function standing({ job, task, store, sources }: Run, from: string): Promise<Checkpoint> {
  const other = await store.read(from, task);
  if (other === undefined)
    throw new JobError(job, `job ${show(from)} has no checkpoint to begin with`);
  const names = sources.map(({ source }) => source.name);
  const [has, wants] = [[...other.positions.keys()], names].map((all) => show([...all].sort()));
  const wrong = other.drained
    ? 'had come to its end'
    : has !== wants
      ? `has the sources ${has}, not ${wants}`
      : [...other.state.values()].some((own) => [...own.keys()].some(isOutboxPiece))
        ? 'has rows that wait for their table; stop it first'
        : undefined;
  if (wrong !== undefined) throw new JobError(job, `job ${show(from)} ${wrong}`);
  return other;
}

/* As the first checkpoint of this job: a later run must not begin where the other one stands by then. */
async function copy(
  { job, task, store }: Run,
  other: Checkpoint,
  own: { readonly epoch: number; readonly fingerprint: string },
): Promise<void> {
  const changed = [...other.state].flatMap(([operator, chunks]) =>
    [...chunks].map(([chunk, bytes]) => ({ operator, chunk, bytes })),
  );
  const { outcome } = await store.commit({
    ...{ job, task, ...own, n: FIRST, prev: FIRST - 1, changed },
    ...{ positions: other.positions, operators: [...other.state.keys()] },
    ...{ dropped: [], pieces: changed.length, rows: [], drained: false },
  });
  if (outcome !== 'ok') throw new FencedError(job, own.epoch);
}
