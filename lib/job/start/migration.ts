/** What a job may give up of its checkpoint when its configuration has changed; nothing that is not named. */
import type { Chunks } from '../../chunks.js';
import {
  configError,
  JobError,
  messageOf,
  optionsOf,
  type SettingsError,
  show,
} from '../../errors.js';
import { type Instant, toInstant } from '../../instant.js';
import type { Migrating } from '../../membership.js';
import type { Checkpoint, Position, Source } from '../../ports.js';
import type { SavedSource } from '../sources/sourceRun.js';

/** What becomes of the state of one operator. */
export type OperatorMigration = 'new' | 'drop' | 'keep' | ((saved: Chunks) => Chunks);

/**
 * Allows a changed configuration to go on from a checkpoint of another one. Each entry counts only
 * where the checkpoint does not fit without it, so that it may stay until it is no longer needed.
 */
export interface MigrateConfig {
  /**
   * By id. `'new'`: not in the checkpoint, it begins empty, so that it has missed what came before.
   * `'drop'`: its state is given up; windows that were open hold only what comes from now on, and
   * repeats of what was seen pass. `'keep'`: its state stays under other bounds (`outOfOrderness`,
   * `within`, `lower`, `upper`, `lateBy`), as if they had always been these, but for what is
   * forgotten already. A function makes state for the new settings out of the saved chunks.
   */
  readonly operators?: Readonly<Record<string, OperatorMigration>>;
  /** By name. `'new'`: it is read from its beginning. `'drop'`: its position is given up. */
  readonly sources?: Readonly<Record<string, 'new' | 'drop'>>;
  /** Splits that their source no longer has are finished: they hold time no longer. */
  readonly splits?: 'finish';
  /**
   * What was drained, or had come to its end, takes new input. All state begins empty, and what is
   * at or before this event time is late: give an instant at which every window ends that has fired.
   */
  readonly reopen?: Instant;
}

/** What a run may give up of the checkpoint that it begins with. */
export interface RunMigration {
  /** Whether an operator may begin that the checkpoint does not know. */
  isNew(id: string): boolean;
  /** Whether state may be given up that no operator has an id for. */
  isDropped(id: string): boolean;
  of(id: string): Migrating;
}

const OPERATOR = ['new', 'drop', 'keep'];

export class Migration {
  private readonly operators: ReadonlyMap<string, OperatorMigration>;
  private readonly named: ReadonlyMap<string, 'new' | 'drop'>;
  /** Where the time of a job begins that is reopened. */
  readonly floor: number | undefined;

  /** @throws TypeError on a wrong option */
  constructor(
    private readonly job: string,
    private readonly config: MigrateConfig | undefined,
  ) {
    const { operators, sources, splits, reopen, ...others } = optionsOf('job', 'migrate', config);
    this.operators = new Map(Object.entries(optionsOf('job', 'migrate.operators', operators)));
    this.named = new Map(Object.entries(optionsOf('job', 'migrate.sources', sources)));
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) {
      throw configError(
        'job',
        'migrate',
        'of `operators`, `sources`, `splits` and `reopen`',
        config,
      );
    }
    const wrong = (option: string, rule: string, got: unknown) =>
      configError('job', `migrate.${option}`, rule, got);
    for (const [id, how] of this.operators) {
      if (typeof how === 'function' || OPERATOR.includes(how)) continue;
      throw wrong(`operators.${id}`, "'new', 'drop', 'keep' or a function", how);
    }
    for (const [name, how] of this.named) {
      if (how !== 'new' && how !== 'drop') throw wrong(`sources.${name}`, "'new' or 'drop'", how);
    }
    if (splits !== undefined && splits !== 'finish') throw wrong('splits', "'finish'", splits);
    const floor = reopen === undefined ? undefined : toInstant(reopen);
    if (floor !== undefined && typeof floor !== 'number') {
      throw wrong('reopen', 'an instant', reopen);
    }
    this.floor = floor;
  }

  /** The configuration that a checkpoint must be of; any, where differences are told here. */
  expected(fingerprint: string): string | undefined {
    return this.config === undefined ? fingerprint : undefined;
  }

  /** @throws JobError where a source came or went that is not named */
  checkSources(checkpoint: Checkpoint | undefined, names: readonly string[]): void {
    if (checkpoint === undefined || this.config === undefined) return;
    for (const name of names) {
      if (checkpoint.positions.has(name) || this.named.get(name) === 'new') continue;
      throw new JobError(
        this.job,
        `source ${show(name)} is not in the checkpoint; name it in \`migrate.sources\` as 'new', or start a new job id`,
      );
    }
    for (const name of checkpoint.positions.keys()) {
      if (names.includes(name) || this.named.get(name) === 'drop') continue;
      throw new JobError(
        this.job,
        `the checkpoint has read source ${show(name)}, which the topology has not; name it in \`migrate.sources\` as 'drop', or start a new job id`,
      );
    }
  }

  /** Whether a checkpoint that is final takes new input all the same. */
  get reopens(): boolean {
    return this.floor !== undefined;
  }

  /** Where a source goes on. */
  position(source: Source<unknown>, saved: SavedSource | undefined, reopened: boolean) {
    if (!reopened || saved === undefined) return saved;
    const at: Position | undefined = source.reopen?.(saved.at) ?? saved.at;
    return { at, finished: false };
  }

  /** What the operators of one run are told of it. */
  forRun(floor: number | undefined): RunMigration {
    return {
      isNew: (id) => this.operators.get(id) === 'new',
      isDropped: (id) => this.operators.get(id) === 'drop',
      of: (id) => ({
        refit: (saved, error) => this.refit(id, saved, error),
        finishSplits: this.config?.splits === 'finish',
        floor,
      }),
    };
  }

  private refit(id: string, saved: Chunks, error: SettingsError): Chunks | undefined {
    const how = this.operators.get(id);
    if (how === 'keep') return saved;
    if (how === 'drop') return undefined;
    if (typeof how !== 'function') throw error;
    const name = `\`migrate.operators.${id}\``;
    let made: unknown;
    try {
      made = how(saved);
    } catch (cause) {
      throw new JobError(this.job, `${name} threw: ${messageOf(cause)}`, { cause });
    }
    if (made instanceof Map) return made;
    throw new JobError(this.job, `${name} must give a Map of chunks; it gave ${show(made)}`);
  }
}
