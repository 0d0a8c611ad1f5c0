/** A naive window operator: keeps every event of every window and computes each result from the list. */

export interface Arrived {
  readonly k: string;
  readonly v: number;
  readonly ts: number;
}
export type Step = { readonly el: Arrived } | { readonly wm: number };

export interface Setup {
  readonly windows:
    | { readonly size: number; readonly slide: number; readonly offset: number }
    | { readonly gap: number };
  readonly lateness: number;
  readonly discarding: boolean;
}

interface Bucket {
  readonly k: string;
  start: number;
  end: number;
  events: { readonly e: Arrived; readonly arrival: number }[];
  index: number;
  fired: boolean;
  onTime: boolean;
  shown: number;
  replaces: string[];
}

/** One printed fact per output, in order, step by step. */
export function windowReference(setup: Setup, steps: readonly Step[]): string[][] {
  let w = -Infinity;
  let buckets: Bucket[] = [];
  let out: string[] = [];
  const { lateness, discarding } = setup;
  const expired = (end: number) => end - 1 + lateness <= w;

  const fire = (b: Bucket, timing: string) => {
    b.index++;
    b.fired = true;
    const news = discarding ? b.events.slice(b.shown) : b.events;
    b.shown = b.events.length;
    const vs = [...news].sort((x, y) => x.arrival - y.arrival).map((x) => x.e.v);
    const final = expired(b.end) ? ' final' : '';
    const replaces = b.replaces.length > 0 ? ` replaces ${b.replaces.join()}` : '';
    b.replaces = [];
    out.push(`${b.k} [${b.start},${b.end}) ${timing} ${b.index}${final} = ${vs.join()}${replaces}`);
  };
  const bucket = (k: string, start: number, end: number): Bucket => {
    const made = { k, start, end, events: [], index: -1, fired: false, shown: 0, replaces: [] };
    buckets.push({ ...made, onTime: end - 1 <= w });
    return buckets[buckets.length - 1] as Bucket;
  };
  const slot = (b: Bucket): [number, number] => {
    if (!('size' in setup.windows)) return [0, Math.min(...b.events.map((x) => x.arrival))];
    const { size, slide, offset } = setup.windows;
    const gcd = (a: number, c: number): number => (c === 0 ? a : gcd(c, a % c));
    const width = gcd(size, slide);
    const sliceOf = (t: number) => Math.floor((t - offset) / width);
    const first = Math.min(...b.events.map((x) => sliceOf(x.e.ts)));
    return [
      first,
      Math.min(...b.events.filter((x) => sliceOf(x.e.ts) === first).map((x) => x.arrival)),
    ];
  };
  const order = (a: Bucket, b: Bucket) => {
    const [as, aa] = slot(a);
    const [bs, ba] = slot(b);
    return a.end - b.end || a.start - b.start || as - bs || aa - ba;
  };

  const session = (e: Arrived, arrival: number, gap: number): string => {
    const touched = buckets
      .filter((b) => b.k === e.k && b.start <= e.ts + gap && b.end >= e.ts)
      .sort((a, b) => a.start - b.start);
    const start = Math.min(e.ts, ...touched.map((b) => b.start));
    const end = Math.max(e.ts + gap, ...touched.map((b) => b.end));
    if (expired(end)) return 'late';
    let b = touched.find((x) => x.start === start && x.end === end);
    if (b === undefined) {
      buckets = buckets.filter((x) => !touched.includes(x));
      b = bucket(e.k, start, end);
      b.replaces = touched.flatMap((x) => (x.fired ? [`${x.start}:${x.end}`] : x.replaces));
      b.index = Math.max(-1, ...touched.map((x) => x.index));
      const shown = touched.flatMap((x) => x.events.slice(0, x.shown));
      const fresh = touched.flatMap((x) => x.events.slice(x.shown));
      b.events = [...shown, ...fresh];
      b.shown = shown.length;
    }
    b.events.push({ e, arrival });
    if (b.onTime) fire(b, 'late');
    return '';
  };
  const grid = (
    e: Arrived,
    arrival: number,
    g: { size: number; slide: number; offset: number },
  ): string => {
    const starts: number[] = [];
    for (let s = e.ts - g.size + 1; s <= e.ts; s++) {
      if ((((s - g.offset) % g.slide) + g.slide) % g.slide === 0) starts.push(s);
    }
    const open = starts.filter((s) => !expired(s + g.size));
    if (starts.length === 0) return e.ts + lateness <= w ? 'late' : 'unassigned';
    if (open.length === 0) return 'late';
    const changed = open.map((s) => {
      const b = buckets.find((x) => x.k === e.k && x.start === s) ?? bucket(e.k, s, s + g.size);
      b.events.push({ e, arrival });
      return b;
    });
    for (const b of changed) if (b.onTime) fire(b, 'late');
    return open.length < starts.length ? `missed ${starts.length - open.length}` : '';
  };

  return steps.map((step, arrival) => {
    out = [];
    if ('el' in step) {
      const { windows } = setup;
      const said =
        'gap' in windows ? session(step.el, arrival, windows.gap) : grid(step.el, arrival, windows);
      if (said !== '') out.push(`${said} ${step.el.v}`);
      return out;
    }
    w = step.wm;
    const due = buckets.filter((b) => !b.onTime && b.end - 1 <= w).sort(order);
    for (const b of due) {
      b.onTime = true;
      fire(b, 'onTime');
    }
    buckets = buckets.filter((b) => !expired(b.end));
    out.push(`W ${w}`);
    return out;
  });
}
