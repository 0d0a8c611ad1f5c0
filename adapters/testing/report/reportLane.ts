/** One lane of a scene: compared, and printed as rows of the report. */

import { byFrame } from '../script/frames.js';
import type { Message, Values } from '../script/message.js';
import { printFrame } from '../script/print.js';
import { type Difference, firstDifference } from './diff.js';
import { receivedFor, wantedFacts } from './facts.js';
import type { Row } from './grid.js';
import { Letters, type Names } from './names.js';
import type { Scene, SceneLane } from './scene.js';
import { sentence } from './sentence.js';
import { show } from './show.js';
import { type Wanted, wantedOf } from './wanted.js';

/** So many messages of one frame are shown; the others are counted. */
const CROWD = 6;
/** So many facts are shown around the first that is not met. */
const NEAR_FACTS = 4;

type Frames = ReturnType<typeof byFrame>;

export class ReportLane {
  readonly head: string;
  readonly difference: Difference | undefined;
  private readonly wanted: readonly Wanted[] | undefined;
  /** What of the received takes part in the comparison. */
  private readonly compared: readonly Message[];
  private readonly letters: Letters;
  private byFrames: { readonly received: Frames; readonly expected: Frames } | undefined;

  constructor(
    readonly lane: SceneLane,
    private readonly scene: Scene,
  ) {
    const { head, facts, expected } = lane;
    this.head = head;
    this.wanted = facts === undefined ? expected?.map(wantedOf) : wantedFacts(facts, scene);
    const byFacts = facts !== undefined && this.wanted !== undefined;
    this.compared = byFacts ? receivedFor(this.wanted, lane.received) : lane.received;
    this.difference = this.wanted && firstDifference(this.wanted, this.compared);
    this.letters = new Letters(head, () => lettersOf(lane, scene.values), scene.epoch);
  }

  /** Frames in which something came or should have. */
  get frames(): readonly number[] {
    return [...this.sorted.received.keys(), ...this.sorted.expected.keys()];
  }

  /* Only a report needs it, not the judgement. */
  private get sorted(): { readonly received: Frames; readonly expected: Frames } {
    const { received, expected = [] } = this.lane;
    this.byFrames ??= { received: byFrame(received), expected: byFrame(expected) };
    return this.byFrames;
  }

  /** What is wrong, in words. */
  sentence(names: Names): string {
    const { head, difference, compared, scene } = this;
    if (difference === undefined) return '';
    return sentence(difference, {
      head,
      epoch: scene.epoch,
      sampled: this.lane.sampled === true,
      before: compared.slice(0, difference.index),
      token: (thing) => this.token(thing, names),
    });
  }

  /** Its rows, with heads of one width. */
  rows(names: Names, indent: number): readonly Row[] {
    const { head, difference, lane } = this;
    const label = (role: string, first = true): string =>
      `${first ? head : ''}${' '.repeat(indent - (first ? [...head].length : 0))}  ${role}`.trimEnd();
    const cell: Row['cell'] = (f) => this.receivedAt(f, names);
    if (difference === undefined) {
      return [{ label: label(this.wanted === undefined ? '' : '✓'), cell }];
    }
    const at: Row['cell'] = (f) => (f === difference.frame ? '^' : '');
    const mark: Row = { label: '', cell: at, bare: true };
    if (lane.facts !== undefined) return [{ label: label('received'), cell }, mark];
    const expected: Row = { label: label('expected'), cell: (f) => this.expectedAt(f, names) };
    return [expected, { label: label('received', false), cell }, mark];
  }

  /** One line a frame, of what was expected and of what came. */
  texts(frames: readonly number[], names: Names): { expected: string; actual: string } {
    const line = (f: number, cell: string): string => `${this.head}, frame ${f}: ${cell || '·'}`;
    return {
      expected: frames.map((f) => line(f, this.expectedAt(f, names))).join('\n'),
      actual: frames.map((f) => line(f, this.receivedAt(f, names))).join('\n'),
    };
  }

  /** The facts around the first that is not met, each beside what came in its place. */
  factTable(names: Names): readonly string[] {
    const { difference, wanted, compared, head, lane } = this;
    if (difference === undefined || wanted === undefined || lane.facts === undefined) return [];
    const from = Math.max(0, difference.index - NEAR_FACTS);
    const to = difference.index + NEAR_FACTS + 1;
    const shown = Math.min(Math.max(wanted.length, compared.length), to) - from;
    const lines = Array.from({ length: shown }, (_, k) => {
      const [w, got] = [wanted[from + k], compared[from + k]];
      const mark = from + k === difference.index ? '>' : ' ';
      const came = got && `${this.token(got, names)} at frame ${got.frame}`;
      return [`${mark} ${from + k + 1}`, w?.fact ? show(w.fact) : 'nothing', came ?? 'nothing'];
    });
    return table([[`  ${head}`, 'facts', 'received'], ...lines]);
  }

  private token(thing: Message | Wanted, names: Names): string {
    if (!('fields' in thing)) return names.token(thing, this.letters);
    return thing.message === undefined
      ? show(thing.fact)
      : names.token(thing.message, this.letters);
  }

  private receivedAt(frame: number, names: Names): string {
    const peers = this.lane.expected && (this.sorted.expected.get(frame) ?? []);
    return this.cell(this.sorted.received.get(frame) ?? [], frame, (m) =>
      names.token(m, this.letters, peers),
    );
  }

  private expectedAt(frame: number, names: Names): string {
    return this.cell(this.sorted.expected.get(frame) ?? [], frame, (m) =>
      names.token(m, this.letters),
    );
  }

  /* A crowd is cut to what stands around the first difference. */
  private cell(all: readonly Message[], frame: number, token: (m: Message) => string): string {
    if (all.length === 0) return '';
    if (all.length <= CROWD) return printFrame(all.map(token));
    const middle = this.difference?.frame === frame ? this.placeInFrame(frame) : 0;
    const from = Math.max(0, Math.min(middle - 2, all.length - CROWD));
    const left = all.length - from - CROWD;
    const tokens = all.slice(from, from + CROWD).map(token);
    return printFrame([...count(from), ...tokens, ...count(left)]);
  }

  private placeInFrame(frame: number): number {
    let n = 0;
    const index = this.difference?.index ?? 0;
    while (this.compared[index - 1 - n]?.frame === frame) n++;
    return n;
  }
}

function count(left: number): readonly string[] {
  return left > 0 ? [`…${left}`] : [];
}

function lettersOf(lane: SceneLane, scripted: Values): Values {
  const own = (lane.expected ?? []).flatMap((m): [string, unknown][] =>
    'name' in m && m.name !== undefined ? [[m.name, m.value]] : [],
  );
  return { ...scripted, ...lane.values, ...Object.fromEntries(own) };
}

function table(lines: readonly (readonly string[])[]): readonly string[] {
  const widths = [0, 1].map((i) => Math.max(...lines.map((line) => (line[i] ?? '').length)));
  return lines.map((line) =>
    line
      .map((text, i) => text.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
