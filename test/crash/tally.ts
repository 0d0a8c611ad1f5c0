/** What a command has done so far, as it prints it, and as a file keeps it: an interrupted command goes on from there. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Stage, stages } from './stages.js';

/** Rows of the undisturbed table that are missing; rows that it has not, or twice; rows that differ. */
export interface Found {
  readonly lost: number;
  readonly doubled: number;
  readonly wrong: number;
}

/** Faults whose table was compared. */
export interface Report extends Found {
  /** Tables that were compared. */
  readonly runs: number;
  readonly kills: number;
  /** Kills of a process that had begun to ask its store for the job. */
  readonly midWork: number;
  readonly byStage: Readonly<Record<Stage, number>>;
  /** The longest time from a kill until the next process went on. */
  readonly longestMs: number;
  readonly elapsedMs: number;
}

/** One fault: where it landed, and how long it took until the job went on. */
export interface Landed {
  readonly stage: Stage;
  readonly wentOnMs: number;
}

export const nothing: Report = {
  ...{ runs: 0, kills: 0, midWork: 0, lost: 0, doubled: 0, wrong: 0, longestMs: 0, elapsedMs: 0 },
  byStage: Object.fromEntries(stages.map((stage) => [stage, 0])) as Record<Stage, number>,
};

/** Adds a run whose table was compared. */
export function add(report: Report, landed: readonly Landed[], found: Found): Report {
  const byStage = { ...report.byStage };
  for (const { stage } of landed) byStage[stage]++;
  return {
    ...report,
    runs: report.runs + 1,
    kills: report.kills + landed.length,
    midWork: report.midWork + landed.filter(({ stage }) => stage !== 'start').length,
    longestMs: Math.max(report.longestMs, ...landed.map(({ wentOnMs }) => wentOnMs)),
    byStage,
    lost: report.lost + found.lost,
    doubled: report.doubled + found.doubled,
    wrong: report.wrong + found.wrong,
  };
}

/** Stages that no kill has hit. */
export function missed({ byStage }: Report): Stage[] {
  return stages.filter((stage) => byStage[stage] === 0);
}

/** Keeps a report under the options that made it: other options do not go on from it. */
export class Saved {
  constructor(
    private readonly path: string | undefined,
    private readonly options: string,
  ) {}

  /** @throws Error where the file is of other options, or no such file */
  read(): Report {
    if (this.path === undefined || !existsSync(this.path)) return nothing;
    const saved = this.parsed(this.path);
    if (saved?.options !== this.options) {
      const what = saved?.options ?? 'something else';
      throw new Error(`${this.path} is of ${what}, not of ${this.options}; name another --resume`);
    }
    return saved.report;
  }

  write(report: Report): void {
    if (this.path === undefined) return;
    const whole = `${this.path}.${process.pid}`;
    writeFileSync(whole, JSON.stringify({ options: this.options, report }));
    renameSync(whole, this.path);
  }

  private parsed(path: string): { options: string; report: Report } | undefined {
    try {
      return JSON.parse(readFileSync(path, 'utf8'));
    } catch {
      return undefined;
    }
  }
}
