/** Orders of arrival, by position in event time, that an out-of-orderness permits: made by chance, and shrunk. */
import fc from 'fast-check';

/**
 * Orders in which no event is more than the bound B behind the newest before it. Entries are positions
 * in event-time order, so `[0, 1, 2, …]` is event-time order itself.
 *
 * Exactly the permitted orders: let each event arrive at a time a in [t, t + B], and events of equal a
 * in any order. Whatever comes before an event of time t then has a time <= a <= t + B. The other way
 * round, a permitted order has such times: the newest time so far, event by event. These are times of
 * events, so it is enough to choose a among those.
 *
 * Shrinks by putting stretches of the order into event-time order, which leaves it permitted, down to
 * two neighbours; before that, where `drops` is set, by leaving events out.
 */
export class AnyOrder extends fc.Arbitrary<readonly number[]> {
  /** The place of each event's time among the different times. */
  private readonly rank: readonly number[] = [];
  /** How many different times later each event may arrive. */
  private readonly reach: readonly number[] = [];

  /** @param times of the events, ascending */
  constructor(
    times: readonly number[],
    boundMs: number,
    private readonly drops: boolean,
  ) {
    super();
    const instants = [...new Set(times)];
    const ranks = new Map(instants.map((t, i) => [t, i]));
    this.rank = times.map((t) => ranks.get(t) as number);
    let last = 0;
    this.reach = times.map((t, i) => {
      while ((instants[last + 1] ?? Infinity) <= t + boundMs) last++;
      return last - (this.rank[i] as number);
    });
  }

  /** Whether there is no order but that of the event times. */
  get single(): boolean {
    return new Set(this.rank).size === this.rank.length && this.reach.every((n) => n === 0);
  }

  override generate(random: fc.Random): fc.Value<readonly number[]> {
    const order = this.rank.map((_, i) => i);
    for (let i = order.length - 1; i > 0; i--) {
      const j = random.nextInt(0, i);
      [order[i], order[j]] = [order[j] as number, order[i] as number];
    }
    const delay = delays(random);
    const arrival = this.rank.map((rank, i) => rank + delay(this.reach[i] as number));
    order.sort((x, y) => (arrival[x] as number) - (arrival[y] as number));
    return new fc.Value(order, undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is readonly number[] {
    return Array.isArray(value);
  }

  override shrink(order: readonly number[]): fc.Stream<fc.Value<readonly number[]>> {
    return fc.stream(this.smaller(order)).map((next) => new fc.Value(next, undefined));
  }

  private *smaller(order: readonly number[]): IterableIterator<readonly number[]> {
    if (this.drops) yield* shorter(order);
    yield* straighter(order);
  }
}

/*
 * How many events arrive as late as may be, and how many at once, is another for each order: at both ends
 * the comparisons with the bound are decided, and one that overtakes everything is as likely as calm.
 */
function delays(random: fc.Random): (most: number) => number {
  const slow = random.nextInt(0, 4);
  const quick = random.nextInt(0, 4);
  return (most) => {
    if (random.nextInt(0, 3) < slow) return most;
    return random.nextInt(0, 3) < quick ? 0 : random.nextInt(0, most);
  };
}

/** Without one half, one quarter, … one event. */
function* shorter(order: readonly number[]): IterableIterator<readonly number[]> {
  for (let size = order.length >> 1; size >= 1; size >>= 1) {
    for (let from = 0; from < order.length; from += size) yield order.toSpliced(from, size);
  }
}

/** All of it in event-time order, then overlapping halves, quarters, … neighbours. */
function* straighter(order: readonly number[]): IterableIterator<readonly number[]> {
  for (let size = order.length; size >= 2; size = size === 2 ? 0 : (size + 1) >> 1) {
    for (let from = 0; from + 1 < order.length; from += size >> 1) {
      const stretch = order.slice(from, from + size);
      const sorted = stretch.toSorted((x, y) => x - y);
      if (stretch.some((x, i) => x !== sorted[i])) yield order.toSpliced(from, size, ...sorted);
    }
  }
}
