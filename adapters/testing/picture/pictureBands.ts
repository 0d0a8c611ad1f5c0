/** The windows of a picture: from what a pipeline emitted, or computed by the state of the operator. */
import type { WindowBounds } from '../../../lib/element.js';
import { event } from '../../../lib/element.js';
import type { Key } from '../../../lib/key.js';
import { WindowState } from '../../../lib/windowState.js';
import type { WindowAssigner } from '../../../lib/windows.js';
import type { Message } from '../script/message.js';
import type { PicturePane, PictureWindow, WatermarkStep } from './picture.js';

interface Firing extends PicturePane {
  readonly window: WindowBounds;
}

/** Windows by their bounds, whatever their key. */
export class Bands {
  private readonly bands = new Map<string, Band>();

  /** A message that a pipeline gave; what is no pane is passed over. */
  take(m: Message): void {
    const firing = firingOf(m);
    if (firing !== undefined) this.fire(firing);
  }

  fire({ window, frame, timing }: Firing): void {
    const { panes } = this.window(window);
    const last = panes.at(-1);
    if (last?.frame !== frame || last.timing !== timing) panes.push({ frame, timing });
  }

  window({ start, end }: WindowBounds): Band {
    const key = `${start},${end}`;
    let band = this.bands.get(key);
    if (band === undefined) this.bands.set(key, (band = { start, end, panes: [] }));
    return band;
  }

  /** In order of (start, end), with the frames at which the watermark passed and closed them. */
  sorted(steps: readonly WatermarkStep[], latenessMs: number): readonly PictureWindow[] {
    return [...this.bands.values()]
      .sort((a, b) => a.start - b.start || a.end - b.end)
      .map((band) => ({
        ...band,
        passed: frameOf(band.end - 1, steps),
        closed: frameOf(band.end - 1 + latenessMs, steps),
      }));
  }
}

interface Band extends WindowBounds {
  readonly panes: PicturePane[];
}

/** When the watermark reached `t`. */
function frameOf(t: number, steps: readonly WatermarkStep[]): number | undefined {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle] as WatermarkStep).timestamp < t) low = middle + 1;
    else high = middle;
  }
  return steps[low]?.frame;
}

const TIMINGS: readonly unknown[] = ['early', 'onTime', 'late'];

/** The pane that a message is, by itself or by the shape of its value; a joined row has it on its left. */
function firingOf(m: Message): Firing | undefined {
  if (m.kind === 'pane') {
    return { frame: m.frame, timing: m.timing, window: { start: m.start, end: m.end } };
  }
  const value: any = 'value' in m ? m.value : undefined;
  const { window, pane } = value?.window === undefined ? (value?.left ?? {}) : value;
  const { start, end } = window ?? {};
  if (!(start < end) || !TIMINGS.includes(pane?.timing)) return undefined;
  return { frame: m.frame, timing: pane.timing, window: { start, end } };
}

/** The windows of the operator itself, moved by a script. */
export class OpenWindows {
  private readonly state: WindowState<unknown>;
  private frame = 0;
  private outcome: 'taken' | 'late' | 'invalid' = 'taken';

  constructor(
    window: WindowAssigner,
    key: (value: any) => Key,
    latenessMs: number,
    private readonly bands: Bands,
  ) {
    const config = { window, key, latenessMs, aggregate: {}, discarding: false, maxKeys: Infinity };
    this.state = new WindowState(
      {
        ...config,
        late: ({ windows }) => {
          this.outcome = 'late';
          // The session that a late event would have opened is no window that others see.
          if (window.kind === 'grid') for (const w of windows) this.bands.window(w);
        },
        missed: ({ windows }) => {
          for (const w of windows) this.bands.window(w);
        },
        invalid: () => {
          this.outcome = 'invalid';
        },
      },
      { emit: (e) => this.fire(e.value), closed: false },
    );
  }

  /** What becomes of an event. */
  add(value: unknown, timestamp: number, frame: number): 'taken' | 'late' | 'invalid' {
    this.frame = frame;
    this.outcome = 'taken';
    this.state.event(event(value, timestamp));
    return this.outcome;
  }

  advance(w: number, frame: number): void {
    this.frame = frame;
    this.state.advance(w);
  }

  /** The script is over: windows that have not fired are shown all the same. */
  finish(): void {
    this.frame = Infinity;
    this.state.advance(Infinity);
  }

  private fire({ window, pane }: any): void {
    if (this.frame === Infinity) this.bands.window(window);
    else this.bands.fire({ frame: this.frame, timing: pane.timing, window });
  }
}
