/** Stages that wrong designs put into a stream: slow ones, and ones that change what a checkpoint keeps. */
import { Observable, type OperatorFunction } from 'rxjs';
import type { Chunks, Element } from 'tidemark';
import type { World } from 'tidemark/testing';
import { restoreWith } from '#lib/element.js';
import { chance } from '../inputs.js';

type Same = OperatorFunction<any, any>;

/**
 * Passes everything on later, in order; barriers too, so that each comes after what was before it.
 * @param overtaken barriers pass at once: the mistake that an asynchronous stage can make
 */
export function slowly(world: World, overtaken = false): Same {
  const next = chance(world.process * 1000);
  const { clock } = world;
  return (source) =>
    new Observable((out) => {
      let last = 0;
      let inside = 0;
      let ended = false;
      const timers = source.subscribe({
        next(e: Element<unknown>) {
          if (e.kind === 'restore' || (overtaken && e.kind === 'barrier')) return out.next(e);
          const slow = e.kind === 'barrier' && next(3) === 0 ? 700 : 0;
          last = Math.max(last, clock.now() + next(30) + slow);
          inside++;
          const passed = () => {
            inside--;
            out.next(e);
            if (ended && inside === 0) out.complete();
          };
          timers.add(clock.schedule(passed, last - clock.now()));
        },
        error: (thrown) => out.error(thrown),
        complete() {
          ended = true;
          if (inside === 0) out.complete();
        },
      });
      return timers;
    });
}

/** What becomes of the state of the operator `id` on its way into a checkpoint, and back. */
export interface Tampering {
  readonly id: string;
  readonly restored: (chunks: Chunks) => Chunks | undefined;
}

/** Stands before an operator: what that gets back is not what it gave. */
export function tampered({ id, restored }: Tampering): Same {
  return mapped((e) => {
    if (e.kind !== 'restore') return e;
    return restoreWith((member) => {
      const membership = e.register(member);
      if (member.id !== id || membership.restored === undefined) return membership;
      return { ...membership, restored: restored(membership.restored) };
    });
  });
}

/** Each element as another one. */
function mapped(change: (e: Element<any>) => Element<any>): Same {
  return (source) =>
    new Observable((out) =>
      source.subscribe({
        next: (e: any) => out.next(change(e)),
        error: (thrown) => out.error(thrown),
        complete: () => out.complete(),
      }),
    );
}
