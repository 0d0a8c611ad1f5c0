/** Reads the key of an event with the user's function, and says why there is none. */
import type { Invalid } from './doors.js';
import type { EventElement } from './element.js';
import { UserFunctionError } from './errors.js';
import { type Key, type KeyId, keyId } from './key.js';

/** One key function of one operator. It runs before any state changes. */
export class KeyReader<T> {
  /** What the function gave for the event read last: results give back the first event's key. */
  key: Key = [];
  private threw = false;
  private error: unknown;

  /**
   * @param operator and `option` name the function in errors
   * @param invalid the operator's door, where it has one
   */
  constructor(
    private readonly operator: string,
    private readonly option: string,
    private readonly fn: (value: T) => Key,
    private readonly invalid: ((e: Invalid<T>) => void) | undefined,
  ) {}

  /** The map form of the event's key, or undefined: then count the event and `refuse` it. */
  read(e: EventElement<T>): KeyId | undefined {
    if (!Number.isSafeInteger(e.timestamp)) return undefined;
    try {
      this.key = this.fn(e.value);
      return keyId(this.key);
    } catch (thrown) {
      this.threw = true;
      this.error = thrown;
      return undefined;
    }
  }

  /**
   * Tells `invalid` why the event read last has no key.
   *
   * @throws UserFunctionError when the function threw and nobody is at the door
   */
  refuse(e: EventElement<T>): void {
    const { threw, error, invalid } = this;
    this.error = undefined;
    this.threw = false;
    const { value, timestamp, split } = e;
    if (threw) {
      if (invalid === undefined) throw new UserFunctionError(this.operator, this.option, error);
      invalid({ value, reason: 'threw', timestamp, split, error });
    } else {
      const reason = Number.isSafeInteger(timestamp) ? 'key' : 'timestamp';
      invalid?.({ value, reason, timestamp, split });
    }
  }
}
