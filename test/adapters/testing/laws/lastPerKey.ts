/** An operator as a user writes it, on the public kernel: the newest value of each key, once W has passed it. */
import {
  type Chunks,
  type Emitter,
  type EventElement,
  event,
  type InTime,
  type Logic,
  newStats,
  setLive,
  stageOperator,
} from 'tidemark';

type Held<T> = readonly [key: string, value: T, time: number];

class LastPerKey<T> implements Logic {
  readonly stats = newStats();
  private held = new Map<string, EventElement<T>>();
  private w = -Infinity;

  constructor(
    private readonly key: (value: T) => string,
    private readonly out: Emitter<T>,
  ) {}

  event(e: EventElement<T>): void {
    this.stats.in++;
    if (e.timestamp <= this.w) return void this.stats.late++;
    this.stats.accepted++;
    const key = this.key(e.value);
    if (e.timestamp >= (this.held.get(key)?.timestamp ?? -Infinity)) this.held.set(key, e);
    setLive(this.stats, this.held.size);
  }

  advance(w: number): void {
    this.w = w;
    const due = [...this.held].filter(([, e]) => e.timestamp <= w);
    for (const [key, e] of due.sort(([, a], [, b]) => a.timestamp - b.timestamp)) {
      if (this.out.closed) return;
      this.held.delete(key);
      this.out.emit(e);
    }
    setLive(this.stats, this.held.size);
  }

  waiting(): number {
    return this.held.size;
  }

  save(): Chunks {
    const held = [...this.held].map(([key, e]): Held<T> => [key, e.value, e.timestamp]);
    return new Map([['last', { w: this.w, held }]]);
  }

  restore(chunks: Chunks): void {
    const saved = chunks.get('last') as { w: number; held: Held<T>[] };
    this.w = saved.w;
    this.held = new Map(saved.held.map(([key, value, time]) => [key, event(value, time)]));
  }
}

export function lastPerKey<T>(config: { id?: string; key: (value: T) => string }): InTime<T, T> {
  const { id, key } = config;
  return (in$) =>
    stageOperator<T>([in$], { operator: 'lastPerKey', id }, (out) => new LastPerKey(key, out));
}
