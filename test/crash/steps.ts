/**
 * The durable steps of a process that runs the main job: each is told before it begins and after it
 * has ended, in a way that a SIGKILL cannot take back, and at one of them the process may kill itself.
 */
import { writeSync } from 'node:fs';
import type { CheckpointStore, TableStore } from 'tidemark';
import type { Store } from 'tidemark/memory';
import { Reading } from '#lib/job/checkpoint/reading.js';

/** Where the process kills itself: before the k-th step of a name, or when it is done and nobody knows. */
export interface Death {
  readonly step: string;
  readonly when: 'before' | 'after';
  readonly k: number;
}

type Method = (...args: any[]) => unknown;

export class Steps {
  private readonly counts = new Map<string, number>();
  private last = '';

  constructor(
    private readonly fd: number,
    private readonly deaths: readonly Death[],
  ) {}

  /** Counts a step that is told without an end. */
  passed(step: string): void {
    const k = this.begin(step);
    this.dieAt({ step, when: 'before', k });
  }

  /** Counts what happens too often to be told. */
  counted(step: string): void {
    this.dieAt({ step, when: 'before', k: this.count(step) });
  }

  async around<T>(step: string, act: () => Promise<T>): Promise<T> {
    const k = this.begin(step);
    this.dieAt({ step, when: 'before', k });
    try {
      const answer = await act();
      this.dieAt({ step, when: 'after', k });
      this.tell(`- ${step} ${(answer as { outcome?: string } | undefined)?.outcome ?? ''}`);
      return answer;
    } catch (thrown) {
      this.tell(`- ${step} failed`);
      throw thrown;
    }
  }

  private begin(step: string): number {
    this.tell(`+ ${step}`);
    return this.count(step);
  }

  private count(step: string): number {
    const k = (this.counts.get(step) ?? 0) + 1;
    this.counts.set(step, k);
    return k;
  }

  /* A capture tells of itself once, not once for each operator. */
  private tell(line: string): void {
    if (line !== this.last) writeSync(this.fd, `${line}\n`);
    this.last = line;
  }

  private dieAt({ step, when, k }: Death): void {
    const meant = (d: Death) => d.step === step && d.when === when && d.k === k;
    if (this.deaths.some(meant)) process.kill(process.pid, 'SIGKILL');
  }
}

/** The same store, whose steps are told. Tables and checkpoints stay the objects that they are. */
export function told(store: Store, steps: Steps): Store {
  return {
    table: (name, config) => toldTable(store.table(name, config), steps),
    checkpoints: () => toldCheckpoints(store.checkpoints(), steps),
    close: () => steps.around('close', () => store.close()),
  };
}

/** Tells of each operator whose state is taken for a checkpoint. */
export function tellCaptures(steps: Steps): void {
  const { take } = Reading.prototype;
  Reading.prototype.take = function (...args) {
    steps.passed('capture');
    return take.apply(this, args);
  };
}

function toldCheckpoints(checkpoints: CheckpointStore, steps: Steps): CheckpointStore {
  hook(checkpoints, steps, ['acquire', 'lastCommitted']);
  hook(checkpoints, steps, ['commit'], ({ drained }) => (drained ? 'final' : 'commit'));
  if (checkpoints.leases !== undefined) hook(checkpoints.leases, steps, ['take', 'release']);
  return checkpoints;
}

function toldTable(table: TableStore, steps: Steps): TableStore {
  hook(table, steps, ['open', 'upsert', 'count']);
  if (table.outbox !== undefined) hook(table.outbox, steps, ['fence', 'apply']);
  const rows = table.rows.bind(table);
  table.rows = async function* () {
    steps.passed('rows');
    for await (const row of rows()) {
      steps.counted('row');
      yield row;
    }
  };
  return table;
}

function hook(
  target: object,
  steps: Steps,
  names: readonly string[],
  called: (first: any) => string | undefined = () => undefined,
): void {
  const methods = target as Record<string, Method>;
  for (const name of names) {
    const act = methods[name]?.bind(target);
    if (act === undefined) continue;
    methods[name] = (...args) =>
      steps.around(called(args[0]) ?? name, async () => await act(...args));
  }
}
