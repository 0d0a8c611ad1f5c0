/** What the simulated jobs are built of, so that a wrong design can put a mistake in the place of each part. */
import { identity, type OperatorFunction } from 'rxjs';
import { type Job, type JobConfig, job, type Source, type Store } from 'tidemark';
import { memoryStore } from 'tidemark/memory';
import type { SimulatedStore, SimulationConfig, World } from 'tidemark/testing';

/** What a wrong design changes in a topology that is right. */
export interface Parts {
  /** The store that has the checkpoints, as a process sees it. */
  readonly client?: (store: Store, world: World) => Store;
  readonly source?: <T>(source: Source<T>, world: World) => Source<T>;
  /** The main store itself. */
  readonly main?: SimulatedStore;
  /** The store of the other table, as it is and as a process sees it. */
  readonly other?: SimulatedStore;
  readonly otherClient?: (store: Store, world: World) => Store;
  /** Every table is in the other store. */
  readonly elsewhere?: boolean;
  readonly job?: Partial<JobConfig>;
  /** In place of the operator of that id. */
  readonly operators?: Readonly<Record<string, (options: any) => any>>;
  /** What a sink of `twoSinks` is told besides. */
  readonly sink?: (id: string, world: World) => object;
  /** Between operators, where there is nothing in the right design. */
  readonly stages?: Readonly<Record<string, (world: World) => OperatorFunction<any, any>>>;
}

export type Topology = (seed: number, parts?: Parts) => SimulationConfig;

export const memory: SimulatedStore['open'] = ({ clock }) => memoryStore({ clock });

export function storeOf(world: World, parts: Parts): Store {
  const store = world.store('main');
  return parts.client?.(store, world) ?? store;
}

export function otherOf(world: World, parts: Parts): Store {
  const store = world.store('other');
  return parts.otherClient?.(store, world) ?? store;
}

export function sourceOf<T>(world: World, name: string, parts: Parts): Source<T> {
  const source = world.source<T>(name);
  return parts.source?.(source, world) ?? source;
}

export function operator<F extends (options: any) => any>(parts: Parts, id: string, right: F): F {
  return (parts.operators?.[id] ?? right) as F;
}

export function stage(parts: Parts, place: string, world: World): OperatorFunction<any, any> {
  return parts.stages?.[place]?.(world) ?? identity;
}

export function jobOf(
  world: World,
  parts: Parts,
  own: Pick<JobConfig, 'topology' | 'checkpoints'> & Partial<JobConfig>,
): Job {
  return job({
    id: 'simulated',
    every: 40,
    everyEvents: 8,
    clock: world.clock,
    restart: { delay: 100, maxDelay: 1000, attempts: 20 },
    timeout: '2s',
    ...own,
    ...parts.job,
  });
}
