/** The stages of the main job, and in which of them a process was, by the steps that it had told of. */

export const stages = [
  'start',
  'restore',
  'reading',
  'capture',
  'commit',
  'outbox',
  'final commit',
  'closing',
] as const;

/**
 * `start`: nothing was asked of a store. `restore`: until the first input is read. `capture`: state is
 * taken for a checkpoint that no store has seen. `outbox`: rows are on their way to a table of another
 * store. `final commit`: of a job whose input is finished. `closing`: the table is read back, the stores close.
 */
export type Stage = (typeof stages)[number];

/** What a step that is under way makes the stage; the last in this order decides. */
const under: readonly (readonly [step: string, stage: Stage])[] = [
  ['fence', 'outbox'],
  ['apply', 'outbox'],
  ['commit', 'commit'],
  ['final', 'final commit'],
];
const restoring = new Set(['open', 'take', 'acquire', 'lastCommitted']);
const closing = new Set(['count', 'rows', 'close']);

/** Follows the steps of one process. */
export class Place {
  private base: Stage = 'start';
  private capturing = false;
  private readonly open = new Set<string>();

  /** `+ STEP` where a step begins, `- STEP` where it has ended. */
  hear(line: string): void {
    const [sign, step = ''] = line.split(' ');
    if (sign === '-') {
      this.open.delete(step);
      return;
    }
    this.open.add(step);
    if (step === 'capture') this.capturing = true;
    if (step === 'commit' || step === 'final') this.capturing = false;
    if (step === 'read') this.base = 'reading';
    else if (closing.has(step)) this.base = 'closing';
    else if (this.base === 'start' && restoring.has(step)) this.base = 'restore';
  }

  get stage(): Stage {
    const [, stage] = under.findLast(([step]) => this.open.has(step)) ?? [];
    return stage ?? (this.capturing ? 'capture' : this.base);
  }
}
