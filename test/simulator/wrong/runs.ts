/** Wrong designs of barriers, of their checkpoints, and of runs that are over. */
import { Commits } from '#lib/job/checkpoint/commits.js';
import { Coordinator } from '#lib/job/checkpoint/coordinator.js';
import { Roster } from '#lib/job/checkpoint/roster.js';
import { Timers } from '#lib/job/runtime.js';
import { SourceRun } from '#lib/job/sources/sourceRun.js';
import { Stage } from '#lib/stage.js';
import { sinksElsewhere, slowSide, slowSink } from '../moreTopologies.js';
import { mainShape, twoSinks } from '../topologies.js';
import { type Designs, failures, patched } from './design.js';
import { slowly } from './stages.js';

export const runs: Designs = {
  'rows of a declined checkpoint are dropped': {
    topology: slowSink,
    patch: patched(Roster.prototype, 'carry', () => () => {}),
  },
  'one alignment counter serves all checkpoints': {
    topology: slowSide,
    patch: patched(
      Stage.prototype,
      'barrier',
      (right) =>
        function (this: any, e: any) {
          if (e.n > this.lastBarrier && this.inputs.length > 1) {
            const sum = [...this.aligned.values()].reduce((a: number, b: number) => a + b, 0);
            this.aligned.clear();
            this.aligned.set(e.n, sum);
          }
          right.call(this, e);
        },
    ),
  },
  'a barrier overtakes what an asynchronous stage holds': {
    topology: slowSide,
    parts: { stages: { right: (world) => slowly(world, true) } },
  },
  'the number of a declined checkpoint is used again': {
    topology: slowSink,
    faults: { 'clock forward': 0.1, 'clock back': 0.1 },
    patch: patched(
      Coordinator.prototype,
      'decline',
      (right) =>
        function (this: any, n: number) {
          if (this.aligning?.n === n) this.last--;
          right.call(this, n);
        },
    ),
  },
  'a restart keeps a timer of the run before': {
    topology: twoSinks,
    patch: patched(Timers.prototype, 'end', () => () => {}),
  },
  'a run that is over still sends its checkpoint': {
    topology: twoSinks,
    patch: patched(Commits.prototype, 'end', () => () => {}),
    faults: failures,
  },
  'a run that is over still sends its checkpoint, with two outboxes': {
    topology: sinksElsewhere,
    patch: patched(Commits.prototype, 'end', () => () => {}),
    faults: failures,
  },
  'a reader that cannot say where it is, is where it was': {
    topology: mainShape,
    patch: patched(
      SourceRun.prototype,
      'save',
      () =>
        function (this: any) {
          try {
            this.known = this.reader?.position() ?? this.saved?.at;
          } catch {
            // the checkpoint goes on
          }
          return { at: this.known, finished: this.finished };
        },
    ),
    faults: failures,
  },
};
