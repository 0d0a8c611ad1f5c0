/** Makes the picture of a script or a recording: who arrived when, how far W was, what became of it. */
import { durationOption } from '../../../lib/duration.js';
import { show } from '../../../lib/errors.js';
import { type Instant, toInstant } from '../../../lib/instant.js';
import { BoundedOutOfOrderness } from '../../../lib/watermarks.js';
import type { Message } from '../script/message.js';
import { epochOption } from '../script/times.js';
import type {
  Drawn,
  Fate,
  Picture,
  PictureEvent,
  PictureOptions,
  WatermarkStep,
} from './picture.js';
import { Bands, OpenWindows } from './pictureBands.js';
import { type Sent, type Told, tellOf, timeOf } from './pictureDoors.js';

/**
 * The picture of a script, alone or with what a pipeline made of it: which event arrived when, how
 * far the watermark had come, which windows fired when, and what was late. O(n log n) of n messages.
 *
 * @throws TypeError on a wrong option
 * @example
 * const picture = pictureOf(marbles('a@1 b@7 c@3 W4 d@2 W9'), { windows: tumbling(5) });
 * picture.events.filter((e) => e.fate === 'late'); // d, which came when the watermark was 4
 */
export function pictureOf(drawn: Drawn, options: PictureOptions = {}): Picture {
  const script = messagesOf(drawn);
  const out = messagesOf(options.out);
  const bands = new Bands();
  const walk = new Walk(options, script, bands);
  for (const m of withWatermarksOf(out, walk.timeline, options)) walk.take(m);
  walk.open?.finish();
  for (const m of out) bands.take(m);
  return {
    title: options.title,
    epoch: epochOf(drawn, options),
    events: walk.events,
    watermarks: walk.steps,
    windows: bands.sorted(walk.steps, walk.latenessMs),
    lastFrame: Math.max(0, script.at(-1)?.frame ?? 0, out.at(-1)?.frame ?? 0),
  };
}

/** A picture as it is, or the picture of messages. */
export function asPicture(drawn: Picture | Drawn, options: PictureOptions): Picture {
  return 'events' in drawn ? drawn : pictureOf(drawn, options);
}

function messagesOf(drawn: Drawn | undefined): readonly Message[] {
  if (drawn === undefined) return [];
  return 'messages' in drawn ? drawn.messages : drawn;
}

function epochOf(drawn: Drawn, options: PictureOptions): number {
  const own = 'messages' in drawn ? drawn.epoch : undefined;
  return epochOption('pictureOf', options.epoch ?? own);
}

/** Goes through everything in order of arrival, with the watermark of each moment. */
class Walk {
  readonly events: PictureEvent[] = [];
  readonly steps: WatermarkStep[] = [];
  /** The script, and what doors got that it does not have. */
  readonly timeline: readonly Message[];
  readonly open: OpenWindows | undefined;
  readonly latenessMs: number;
  private readonly generator: BoundedOutOfOrderness | undefined;
  private readonly sent: ReadonlyMap<Message, Sent>;
  private readonly told: Told;
  private w = -Infinity;

  constructor(
    private readonly options: PictureOptions,
    script: readonly Message[],
    bands: Bands,
  ) {
    const { outOfOrderness: bound, windows, key, allowedLateness = 0 } = options;
    if (bound !== undefined) {
      const ms = durationOption('pictureOf', 'outOfOrderness', bound, 'nonNegative');
      this.generator = new BoundedOutOfOrderness(ms);
    }
    const lateness = durationOption('pictureOf', 'allowedLateness', allowedLateness, 'nonNegative');
    this.latenessMs = lateness;
    if (windows !== undefined && options.out === undefined) {
      this.open = new OpenWindows(windows, key ?? (() => []), lateness, bands);
    }
    const sent = script.flatMap((m) => sentOf(m, options.timestamp) ?? []);
    const late = messagesOf(options.late);
    const duplicate = messagesOf(options.duplicate);
    this.told = tellOf(sent, { late, duplicate, invalid: messagesOf(options.invalid) });
    const { strays } = this.told;
    this.sent = new Map([...sent, ...strays].map((s) => [s.message, s]));
    const extra = strays.map((s) => s.message);
    this.timeline = mergedByFrame(script, extra);
  }

  take(m: Message): void {
    const sent = this.sent.get(m);
    if (sent !== undefined) this.arrive(sent);
    else if (m.kind === 'complete') this.rise(m.frame, Infinity);
    else if (m.kind === 'watermark') {
      if (this.generator === undefined || m.timestamp === Infinity) this.rise(m.frame, m.timestamp);
    }
  }

  private arrive({ message, timestamp }: Sent): void {
    const { frame, value } = message;
    const fate = this.told.fates.get(message) ?? this.judge(message, timestamp);
    const name = message.name ?? nameOf(value);
    this.events.push({ frame, timestamp, name, fate, watermark: this.w });
    if (timestamp === undefined || fate === 'invalid') return;
    if (this.generator !== undefined) this.rise(frame, this.generator.event(value, timestamp));
  }

  private judge(message: Sent['message'], timestamp: number | undefined): Fate {
    if (timestamp === undefined) return 'invalid';
    const withdrawal = message.kind === 'event' && message.op === '-';
    const open = withdrawal ? undefined : this.open;
    const outcome = open?.add(message.value, timestamp, message.frame);
    if (outcome === 'invalid') return 'invalid';
    if (timestamp > this.w) return 'onTime';
    return outcome === 'taken' || this.options.late !== undefined ? 'lateTaken' : 'late';
  }

  private rise(frame: number, timestamp: number): void {
    if (!(timestamp > this.w)) return;
    this.w = timestamp;
    this.steps.push({ frame, timestamp });
    this.open?.advance(timestamp, frame);
  }
}

/** An event of the script, or a value that `timestamp` makes one. */
function sentOf(m: Message, at: PictureOptions['timestamp']): Sent | undefined {
  if (m.kind === 'event') return { message: m, timestamp: timeOf(m.timestamp) };
  if (m.kind !== 'value' || at === undefined) return undefined;
  return { message: m, timestamp: instantOf(at, m.value) };
}

/* What a timestamp function throws makes the event invalid, as `watermark` has it. */
function instantOf(at: (value: unknown) => Instant, value: unknown): number | undefined {
  try {
    const ms = toInstant(at(value));
    return typeof ms === 'number' ? ms : undefined;
  } catch {
    return undefined;
  }
}

function nameOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'object' || typeof value === 'function' ? '' : show(value);
}

/** A script without watermarks has those of the output, which leave after what moved them. */
function withWatermarksOf(
  out: readonly Message[],
  script: readonly Message[],
  { outOfOrderness }: PictureOptions,
): readonly Message[] {
  if (outOfOrderness !== undefined) return script;
  if (script.some((m) => m.kind === 'watermark')) return script;
  const watermarks = out.filter((m) => m.kind === 'watermark');
  return mergedByFrame(script, watermarks);
}

/** Both, by frame; in a frame, `a` first. */
function mergedByFrame(a: readonly Message[], b: readonly Message[]): readonly Message[] {
  const merged: Message[] = [];
  let next = 0;
  for (const m of a) {
    for (let e = b[next]; e !== undefined && e.frame < m.frame; e = b[++next]) merged.push(e);
    merged.push(m);
  }
  return [...merged, ...b.slice(next)];
}
