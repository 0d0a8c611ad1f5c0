/** The laws of operators, whatever they compute: the matrix that every one must survive. */
import { EMPTY, NEVER, take } from 'rxjs';
import type { Chunks } from '../../../lib/chunks.js';
import type { Message } from '../script/message.js';
import { ArrivalClock } from './arrivalClock.js';
import { type Build, Drive, decodeAll, Recorder } from './drive.js';
import { ENDLESS, endless, type LawBench, send } from './lawBench.js';
import type { Judge } from './lawError.js';
import { type LawStep, linesOf } from './lawScript.js';

/** The laws, each of which rejects when the operator does not keep it. */
export class Matrix {
  constructor(
    private readonly bench: LawBench,
    private readonly judge: Judge,
  ) {}

  async never(): Promise<void> {
    const out = await this.bench.over(NEVER);
    this.judge.same(linesOf(out.got), [], 'over silent inputs');
    out.subscription?.unsubscribe();
  }

  async empty(): Promise<void> {
    const lines = linesOf((await this.bench.over(EMPTY)).got);
    this.judge.same(lines.at(0) === 'W∞' ? lines.slice(1) : lines, ['|'], 'over empty inputs');
  }

  async error(): Promise<void> {
    for (const [cut, step] of this.bench.config.steps.entries()) {
      for (let input = 0; input < this.bench.config.inputs; input++) {
        const drive = this.bench.drive();
        await this.bench.run(drive, this.bench.config.steps.slice(0, cut));
        if (!drive.open().includes(input)) continue;
        const before = linesOf(drive.out.got);
        const thrown = new Error('of the source');
        drive.inputs[input]?.error(thrown);
        await this.bench.config.settle();
        await this.bench.run(drive, this.bench.config.steps.slice(cut));
        const where = `where input ${input} errors before ${step.text}`;
        const error: Message = { kind: 'error', frame: 0, error: thrown };
        this.judge.same(linesOf(drive.out.got), [...before, ...linesOf([error])], where);
        const last = drive.out.got.at(-1);
        const same = last?.kind === 'error' && last.error === thrown;
        this.judge.holds(same, `${where}: the error that leaves is another one`);
      }
    }
  }

  async endless(): Promise<void> {
    const first = this.bench.config.steps.filter((s) => s.input === 0 && !s.ends);
    for (let wanted = 1; wanted <= first.length; wanted++) {
      const source = endless(first);
      let pulledAtLast = -1;
      const out = new Recorder(new ArrivalClock(), () => {
        pulledAtLast = source.pulled;
      });
      out.watch(this.bench.config.build(...this.bench.besides(source.in$)).pipe(take(wanted)));
      const where = `take(${wanted}) over an endless source`;
      if (source.pulled === ENDLESS) {
        return this.judge.holds(wanted > 1, `${where} does not stop it`);
      }
      const lines = linesOf(out.got);
      this.judge.same([`${lines.length - 1}`, lines.at(-1) ?? ''], [`${wanted}`, '|'], where);
      const more = source.pulled - pulledAtLast;
      this.judge.holds(more === 0, `${where} pulls ${more} more after the last that it gives`);
    }
  }

  async unsubscribed(): Promise<void> {
    for (const [cut, { text }] of this.bench.config.steps.entries()) {
      const drive = this.bench.drive();
      await this.bench.run(drive, this.bench.config.steps.slice(0, cut));
      drive.out.subscription?.unsubscribe();
      const before = linesOf(drive.out.got);
      const where = `unsubscribed before ${text}`;
      this.judge.holds(!drive.observed(), `${where} it still listens to an input`);
      await this.bench.run(drive, this.bench.config.steps.slice(cut));
      this.judge.same(linesOf(drive.out.got), before, where);
    }
  }

  async unsubscribedInside(): Promise<void> {
    const whole = await this.bench.whole();
    for (let wanted = 1; wanted < whole.length; wanted++) {
      let observed = false;
      const inside = (out: Recorder): void => {
        if (out.got.length !== wanted) return;
        out.subscription?.unsubscribe();
        observed = drive.observed();
      };
      const drive: Drive = this.bench.drive({ onMessage: inside }, false);
      drive.start(this.bench.config.inJob);
      await this.bench.run(drive, this.bench.config.steps);
      const where = `unsubscribed inside the next of line ${wanted}`;
      this.judge.same(linesOf(drive.out.got), whole.slice(0, wanted), where);
      this.judge.holds(!observed, `${where} it still listens to an input`);
    }
  }

  /* The clock stands: what waits in a queue is stamped when its turn comes. */
  async reentrant(): Promise<void> {
    const steps = this.bench.config.steps.map((step) => ({ ...step, frame: 0 }));
    const whole = await this.bench.whole(steps);
    let at = 0;
    const push = (drive: Drive): void => {
      const step = steps[at];
      at++;
      if (step !== undefined) send(drive, step);
    };
    const drive: Drive = this.bench.drive({ onMessage: () => push(drive) }, false);
    drive.start(this.bench.config.inJob);
    while (at < steps.length) push(drive);
    await this.bench.config.settle();
    this.judge.same(linesOf(drive.out.got), whole, 'where each step comes inside an emission');
  }

  async subscriptions(): Promise<void> {
    const whole = await this.bench.whole();
    const together = this.bench.drive({}, false);
    const other = new Recorder(together.clock);
    other.watch(together.observable);
    together.start(this.bench.config.inJob);
    await this.bench.run(together, this.bench.config.steps);
    this.judge.same(linesOf(together.out.got), whole, 'the second of two subscriptions');
    this.judge.same(linesOf(other.got), whole, 'the first of two subscriptions');
    together.again();
    together.start(this.bench.config.inJob);
    await this.bench.run(together, this.bench.config.steps);
    this.judge.same(linesOf(together.out.got), whole, 'a subscription after the end of others');
  }

  async order(): Promise<void> {
    const drive = this.bench.drive();
    await this.bench.run(drive, this.bench.config.steps);
    const { got } = drive.out;
    let w = -Infinity;
    for (const m of got) {
      const rises = m.kind === 'watermark' || (m.kind === 'event' && !isLatePane(m.value));
      if (!rises) continue;
      this.judge.holds(m.timestamp > w, `${linesOf([m])[0]} comes after W${w}`);
      if (m.kind === 'watermark') w = m.timestamp;
    }
    const finite = got.some((m) => m.kind === 'watermark' && m.timestamp < Infinity);
    this.judge.holds(finite, 'the script lets no finite watermark leave, so it shows nothing');
    this.judge.same(linesOf(got).slice(-2), ['W∞', '|'], 'at the end');
  }

  async completion(): Promise<void> {
    const drive = this.bench.drive();
    await this.bench.run(drive, this.bench.config.steps);
    const whole = linesOf(drive.out.got);
    const ends = drive.out.got.flatMap((m, i) =>
      m.kind === 'complete' || m.kind === 'error' ? (whole[i] as string) : [],
    );
    this.judge.same(ends, ['|'], 'of the ends');
    this.judge.holds(!drive.observed(), 'it still listens to an input');
    await this.bench.run(drive, this.bench.config.steps);
    this.judge.same(linesOf(drive.out.got), whole, 'where more comes after the end');
  }

  async counters(): Promise<void> {
    const drive = this.bench.drive();
    for (const step of this.bench.config.steps) {
      await this.bench.run(drive, [step]);
      for (const { operator, stats } of drive.members) {
        const sum = unaccounted(stats as Readonly<Record<string, unknown>> | undefined);
        this.judge.holds(
          sum === 0,
          `after ${step.text}, ${operator} has ${sum} events unaccounted for`,
        );
      }
    }
  }

  async bare(): Promise<void> {
    const drive = this.bench.drive({}, false);
    drive.start(false);
    await this.bench.run(drive, this.bench.config.steps);
    this.judge.same(linesOf(drive.out.got), await this.bench.whole(), 'in a bare pipe');
  }

  async cut(): Promise<void> {
    const whole = await this.bench.whole();
    const last = this.bench.config.steps.length - 1;
    await this.controlled(whole);
    for (let cut = 0; cut <= last; cut++) await this.restored([cut], whole);
    const everywhere = Array.from({ length: last }, (_, i) => i + 1);
    await this.restored(everywhere, whole);
  }

  async throws(): Promise<void> {
    const build = this.bench.config.throwing as Build;
    const drive = new Drive(build, { inputs: this.bench.config.inputs });
    drive.start(this.bench.config.inJob);
    await this.bench.run(drive, this.bench.config.steps);
    const last = linesOf(drive.out.got).at(-1) ?? 'nothing';
    const named = /^#'UserFunctionError: [a-zA-Z]+: `.+` threw: /.test(last);
    this.judge.holds(named, `it ends with ${last}, not with a UserFunctionError`);
  }

  /** Runs the script over one operator after the other: at each cut, the next takes the state over. */
  private async restored(cuts: readonly number[], whole: readonly string[]): Promise<void> {
    const { steps } = this.bench.config;
    const lines: string[] = [];
    let state: Map<string, Chunks> = new Map();
    let from = 0;
    for (const to of [...cuts, steps.length]) {
      const clock = new ArrivalClock();
      clock.advance(from === 0 ? 0 : (steps[from - 1] as LawStep).frame);
      const drive = this.bench.drive({ clock }, false);
      this.once(drive, () => drive.start(true, state));
      const ended = steps.slice(0, from).filter((s) => s.ends);
      await this.bench.run(drive, [...ended, ...steps.slice(from, to)]);
      let saved: ReadonlyMap<string, Uint8Array> = new Map();
      if (to < steps.length) this.once(drive, () => (saved = drive.save()));
      await this.bench.config.settle();
      drive.out.subscription?.unsubscribe();
      lines.push(...linesOf(drive.out.got));
      state = decodeAll(saved);
      from = to;
    }
    const where = cuts.length === 1 ? steps[cuts[0] as number]?.text : 'every element';
    this.judge.same(lines, whole, `cut before ${where}`);
  }

  /** Whatever lets watermarks through lets restores and barriers through: those below wait for them. */
  private async controlled(whole: readonly string[]): Promise<void> {
    if (!whole.some((line) => /^W-?\d/.test(line))) return;
    const drive = this.bench.drive();
    if (this.bench.config.inJob) await this.left(drive, 1, 'a restore');
    drive.save();
    await this.left(drive, this.bench.config.inJob ? 2 : 1, 'a barrier');
  }

  private async left(drive: Drive, controls: number, what: string): Promise<void> {
    await this.bench.config.settle();
    this.judge.holds(drive.out.controls.length >= controls, `${what} never leaves`);
  }

  /** A control element goes through at once, and leaves once. */
  private once(drive: Drive, send: () => void): void {
    const before = drive.out.controls.length;
    send();
    const left = drive.out.controls.length - before;
    this.judge.holds(left <= 1, `a control element that came once left ${left} times`);
  }
}

function unaccounted(stats: Readonly<Record<string, unknown>> | undefined): number {
  const count = (name: string): number => (stats?.[name] as number | undefined) ?? 0;
  const left = ['accepted', 'late', 'invalid', 'duplicate', 'unassigned'].map(count);
  return count('in') - left.reduce((a, b) => a + b);
}

function isLatePane(value: unknown): boolean {
  return (value as { pane?: { timing?: string } } | null)?.pane?.timing === 'late';
}
