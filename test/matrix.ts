/** The shared matrix: what every operator must survive, whatever it computes. */
import { EMPTY, NEVER, Observable, take } from 'rxjs';
import { decode, encode } from '../lib/codec.js';
import type { Chunks } from '../lib/element.js';
import {
  Drive,
  ID,
  type Inputs,
  type Make,
  Recorder,
  type Script,
  type Step,
  stepsOf,
} from './drive.js';

export type Row = 'endless' | 'error' | 'reentrant' | 'two subscriptions' | 'order' | 'cut';

export interface MatrixOptions {
  /** The same operator with a user function that throws at the first event. */
  readonly throwing?: Make;
  /** Lets asynchronous work end; called after every step. */
  readonly settle?: () => Promise<void>;
  /** Rows that cannot hold for this operator, each with the reason. */
  readonly without?: Partial<Record<Row, string>>;
}

/** A source that is asked for so much was not stopped. */
const ENDLESS = 10_000;

/** Declares the tests of one operator. */
export function operatorMatrix(
  name: string,
  make: Make,
  script: Script,
  options: MatrixOptions = {},
): void {
  const m = new Matrix(make, script, options);
  const row = (title: string, body: () => Promise<void>, key?: Row): void => {
    if (key === undefined || options.without?.[key] === undefined) it(`${name} ${title}`, body);
  };
  row('over silent inputs says nothing', () => m.never());
  row('over empty inputs completes, with W∞ at most', () => m.empty());
  row(
    'passes an error on at once, whenever it comes, and flushes nothing',
    () => m.error(),
    'error',
  );
  row(
    'stops an endless synchronous source when downstream has enough',
    () => m.endless(),
    'endless',
  );
  row('says nothing after an unsubscription, and lets go of its inputs', () => m.unsubscribed());
  row('stops at an unsubscription inside next', () => m.unsubscribedInside());
  row('queues what arrives while it emits', () => m.reentrant(), 'reentrant');
  row('shares no state between subscriptions', () => m.twice(), 'two subscriptions');
  row('sends rising watermarks, each after what it released', () => m.order(), 'order');
  row('completes once, and says nothing afterwards', () => m.completes());
  row('goes on after a restore at every cut as if nothing had happened', () => m.cut(), 'cut');
  if (options.throwing !== undefined) {
    row('names itself when a function of the user throws', () => m.throws());
  }
}

/** The rows, each of which rejects when the operator does not keep it. */
export class Matrix {
  private readonly steps: readonly Step[];
  private readonly count: number;

  constructor(
    private readonly make: Make,
    script: Script,
    private readonly options: MatrixOptions,
  ) {
    this.steps = stepsOf(script);
    this.count = script.inputs.length;
  }

  async never(): Promise<void> {
    const out = new Recorder();
    out.watch(this.make(this.all(NEVER), ID));
    await this.settle();
    expect(out.lines).toEqual([]);
    out.subscription?.unsubscribe();
  }

  async empty(): Promise<void> {
    const out = new Recorder();
    out.watch(this.make(this.all(EMPTY), ID));
    await this.settle();
    expect(out.lines.filter((line) => line !== 'W∞')).toEqual(['|']);
    expect(out.lines.at(-1)).toBe('|');
  }

  async error(): Promise<void> {
    for (let cut = 0; cut < this.steps.length; cut++) {
      const drive = this.drive();
      await drive.run(this.steps.slice(0, cut));
      const before = [...drive.out.lines];
      const input = drive.open()[0];
      drive.inputs[input as number]?.error(new Error('of the source'));
      await this.settle();
      await drive.run(this.steps.slice(cut));
      expect(drive.out.lines).toEqual([...before, "#'Error: of the source'"]);
    }
  }

  async endless(): Promise<void> {
    const first = this.steps.filter((s) => s.input === 0 && s.element !== undefined);
    const rest = this.steps.filter((s) => s.input > 0 && s.element !== undefined);
    for (let wanted = 1; wanted <= first.length; wanted++) {
      let pulled = 0;
      let pulledAtLast = -1;
      const endless = new Observable((s) => {
        const at = (i: number) => first[Math.min(i, first.length - 1)]?.element;
        while (!s.closed && pulled < ENDLESS) s.next(at(pulled++));
      });
      const inputs = Array.from({ length: this.count }, (_, i) =>
        i === 0 ? endless : silentAfter(rest.filter((s) => s.input === i)),
      );
      const out = new Recorder(() => {
        pulledAtLast = pulled;
      });
      out.watch(this.make(inputs as unknown as Inputs, ID).pipe(take(wanted)));
      if (pulled === ENDLESS) return void expect(wanted).toBeGreaterThan(1);
      expect(out.lines).toHaveLength(wanted + 1);
      expect(out.lines.at(-1)).toBe('|');
      expect(pulled).toBe(pulledAtLast);
    }
  }

  async unsubscribed(): Promise<void> {
    for (let cut = 0; cut < this.steps.length; cut++) {
      const drive = this.drive();
      await drive.run(this.steps.slice(0, cut));
      drive.out.subscription?.unsubscribe();
      const before = [...drive.out.lines];
      expect(drive.inputs.map((s) => s.observed)).not.toContain(true);
      await drive.run(this.steps.slice(cut));
      expect(drive.out.lines).toEqual(before);
    }
  }

  async unsubscribedInside(): Promise<void> {
    const whole = await this.whole();
    for (let wanted = 1; wanted < whole.length; wanted++) {
      let observed = false;
      const drive = this.drive((out) => {
        if (out.lines.length !== wanted) return;
        out.subscription?.unsubscribe();
        observed = drive.inputs.some((s) => s.observed);
      });
      await drive.run(this.steps);
      expect(drive.out.lines).toEqual(whole.slice(0, wanted));
      expect(observed).toBe(false);
    }
  }

  async reentrant(): Promise<void> {
    const whole = await this.whole();
    let at = 0;
    const push = (): void => {
      const step = this.steps[at];
      at++;
      if (step !== undefined) drive.push(step);
    };
    const drive = this.drive(() => push());
    while (at < this.steps.length) push();
    await this.settle();
    expect(drive.out.lines).toEqual(whole);
  }

  async twice(): Promise<void> {
    const whole = await this.whole();
    const together = this.drive();
    const other = new Recorder();
    other.watch(together.observable);
    await together.run(this.steps);
    expect(together.out.lines).toEqual(whole);
    expect(other.lines).toEqual(whole);
    const again = together.again();
    await again.run(this.steps);
    expect(again.out.lines).toEqual(whole);
  }

  async order(): Promise<void> {
    const drive = this.drive();
    await drive.run(this.steps);
    let w = -Infinity;
    for (const got of drive.out.got) {
      if (got.kind === 'watermark') {
        expect(got.timestamp).toBeGreaterThan(w);
        w = got.timestamp;
      } else if (got.kind === 'event' && !isLatePane(got.value))
        expect(got.timestamp).toBeGreaterThan(w);
    }
    expect(drive.out.got.some((g) => g.kind === 'watermark' && g.timestamp < Infinity)).toBe(true);
    expect(drive.out.lines.slice(-2)).toEqual(['W∞', '|']);
  }

  async completes(): Promise<void> {
    const drive = this.drive();
    await drive.run(this.steps);
    const whole = [...drive.out.lines];
    expect(whole.filter((line) => line === '|' || line.startsWith('#'))).toEqual(['|']);
    expect(whole.at(-1)).toBe('|');
    expect(drive.inputs.map((s) => s.observed)).not.toContain(true);
    await drive.run(this.steps);
    expect(drive.out.lines).toEqual(whole);
  }

  async cut(): Promise<void> {
    const whole = await this.whole();
    const last = this.steps.length - 1;
    for (let cut = 0; cut <= last; cut++) {
      const one = this.drive();
      one.control(() => one.restore(undefined));
      await one.run(this.steps.slice(0, cut));
      const state = await one.saved(cut + 1, () => this.settle());
      one.out.subscription?.unsubscribe();
      const two = this.drive();
      two.control(() => two.restore(throughBytes(state)));
      await two.run(this.steps.filter((s, i) => i < cut && s.element === undefined));
      await two.run(this.steps.slice(cut));
      expect({ cut, lines: [...one.out.lines, ...two.out.lines] }).toEqual({ cut, lines: whole });
    }
  }

  async throws(): Promise<void> {
    const drive = new Drive(this.options.throwing as Make, this.count, () => this.settle());
    await drive.run(this.steps);
    expect(drive.out.lines.at(-1)).toMatch(/^#'UserFunctionError: [a-zA-Z]+: `.+` threw: /);
  }

  private async whole(): Promise<readonly string[]> {
    const drive = this.drive();
    await drive.run(this.steps);
    return drive.out.lines;
  }

  private drive(onLine?: (out: Recorder) => void): Drive {
    return new Drive(this.make, this.count, () => this.settle(), onLine);
  }

  private all(input: Observable<never>): Inputs {
    return Array.from({ length: this.count }, () => input) as unknown as Inputs;
  }

  private async settle(): Promise<void> {
    await this.options.settle?.();
  }
}

function silentAfter(steps: readonly Step[]): Observable<unknown> {
  return new Observable((s) => {
    for (const step of steps) s.next(step.element);
  });
}

function isLatePane(value: unknown): boolean {
  return (value as { pane?: { timing?: string } } | null)?.pane?.timing === 'late';
}

/** State as it is after it has been in a checkpoint. */
function throughBytes(state: Chunks): Chunks {
  return new Map([...state].map(([name, data]) => [name, decode(encode(data))]));
}
