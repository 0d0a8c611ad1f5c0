/** What an expectation wants of one received message: a message of marbles, or a fact. */

import type { Message, Values } from '../script/message.js';
import { type Field, fieldsOf, sameField } from './equality.js';
import type { Fact } from './scene.js';

export interface Wanted {
  /** Its arrival; undefined where any will do. */
  readonly frame: number | undefined;
  readonly kind: Message['kind'];
  readonly fields: readonly Field[];
  /** The message as the expectation wrote it; undefined for a fact. */
  readonly message?: Message;
  readonly fact?: Fact;
}

export function wantedOf(message: Message): Wanted {
  return { frame: message.frame, kind: message.kind, fields: fieldsOf(message), message };
}

/** Whether a received message is the wanted one, whenever it came. */
export function meetsWanted(w: Wanted, got: Message): boolean {
  return w.kind === got.kind && missedFields(w, got).length === 0;
}

/** Whether it is the wanted one and came when it should. */
export function fits(w: Wanted, got: Message): boolean {
  return (w.frame === undefined || w.frame === got.frame) && meetsWanted(w, got);
}

/** The fields in which a received message is not the wanted one. */
export function missedFields(w: Wanted, got: Message): readonly Field[] {
  const all = got as unknown as Values;
  return w.fields.filter(([name, expected]) => !sameField(name, expected, all[name]));
}
