/** What a harness reads of its operators and gives back to them: state by id, counters, and who there is. */
import { inspect } from 'node:util';
import type { Chunks } from '../../../lib/chunks.js';
import { encode } from '../../../lib/codec.js';
import type { Member } from '../../../lib/membership.js';
import { type Drive, decodeAll } from './drive.js';

/** The state of every operator that has an id, as it is now. */
function savedBy(drive: Drive): Map<string, Chunks> {
  const saved = drive.save();
  if (saved.size === 0) throw new Error('harness: no operator has registered with an `id`');
  for (const { id, operator } of drive.members) {
    if (id === undefined) {
      throw new Error(`harness: ${operator} needs an \`id\`, which names its state`);
    }
    if (!saved.has(id)) throw new Error(`harness: ${inspect(id)} still holds the barrier back`);
  }
  return decodeAll(saved);
}

/** The same as bytes. */
export function snapshotOf(drive: Drive): Uint8Array {
  return encode(savedBy(drive));
}

/** The state of one operator; `id` may be left out where there is one. */
export function stateOf(drive: Drive, id: string | undefined): Chunks {
  const saved = savedBy(drive);
  const ids = [...saved.keys()];
  const chosen = id ?? (ids.length === 1 ? ids[0] : undefined);
  const state = chosen === undefined ? undefined : saved.get(chosen);
  if (state === undefined) throw unknown(id, ids);
  return state;
}

/** The live counters of one operator; `id` may be left out where there is one. */
export function statsOf(members: readonly Member[], id: string | undefined): object {
  const only = id === undefined && members.length === 1 ? members[0] : undefined;
  const member = only ?? members.find((m) => id !== undefined && m.id === id);
  if (member?.stats !== undefined) return member.stats;
  const ids = members.map((m) => m.id ?? m.operator);
  throw unknown(id, ids);
}

/** @throws Error where the state of an operator belongs to none of these */
export function refuseUnknown(
  members: readonly Member[],
  state: ReadonlyMap<string, unknown>,
): void {
  const known = new Set(members.map((m) => m.id));
  for (const id of state.keys()) {
    if (!known.has(id)) throw new Error(`harness: no operator takes the state of ${inspect(id)}`);
  }
}

/** @throws Error where two operators have one id */
export function refuseTwins(members: readonly Member[]): void {
  const ids = members.flatMap((m) => m.id ?? []);
  const twice = ids.find((id, i) => ids.indexOf(id) < i);
  if (twice !== undefined) throw new Error(`harness: two operators have the id ${inspect(twice)}`);
}

function unknown(id: string | undefined, ids: readonly string[]): Error {
  const asked = id === undefined ? 'which operator is meant' : `no operator ${inspect(id)}`;
  return new Error(
    `harness: ${asked}; there is ${ids.map((x) => inspect(x)).join(', ') || 'none'}`,
  );
}
