/** What a broken law says: which one, where, and the first line that differs. */

/** The laws, each with what it says of an operator. */
export const LAWS = {
  never: 'says nothing over silent inputs',
  empty: 'completes over empty inputs, with W∞ at most',
  error: 'passes an error on at once, whenever it comes, and flushes nothing',
  endless: 'stops an endless synchronous source when downstream has enough',
  unsubscribed: 'says nothing after an unsubscription, and lets go of its inputs',
  'unsubscribed inside': 'stops at an unsubscription inside next',
  reentrant: 'queues what arrives while it emits',
  subscriptions: 'shares no state between subscriptions',
  order: 'sends rising watermarks, each after what it released',
  completion: 'completes once, and says nothing afterwards',
  counters: 'accounts for every event: in = accepted + late + invalid + duplicate + unassigned',
  bare: 'does in a bare pipe what it does in a job',
  cut: 'goes on after a restore at every cut as if nothing had happened',
  throws: 'names itself when a function of the user throws',
} as const;

/** The name of a law. */
export type Law = keyof typeof LAWS;

/** An operator broke a law. */
export class OperatorLawError extends Error {
  /** The law that is broken; the first, where there are several. */
  readonly law: Law;
  /** The lines that the law asks for, where it compares lines. */
  readonly expected: readonly string[] | undefined;
  /** The lines that came. */
  readonly actual: readonly string[] | undefined;

  constructor(law: Law, message: string, lines: Partial<Lines> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'OperatorLawError';
    this.law = law;
    this.expected = lines.expected;
    this.actual = lines.actual;
  }
}

interface Lines {
  readonly expected: readonly string[];
  readonly actual: readonly string[];
}

/** Says where a law was broken. */
export class Judge {
  constructor(private readonly law: Law) {}

  /** @throws OperatorLawError with the sentence `broken` where it does not hold */
  holds(condition: boolean, broken: string): void {
    if (!condition) throw this.broken(broken);
  }

  /** @throws OperatorLawError with both lists side by side where they differ */
  same(actual: readonly string[], expected: readonly string[], where: string): void {
    if (actual.length === expected.length && actual.every((line, i) => line === expected[i]))
      return;
    const lines = { expected, actual };
    throw this.broken(`${where}\n${sideBySide(lines)}`, lines);
  }

  /** Anything else that was thrown on the way. */
  failed(thrown: unknown): OperatorLawError {
    if (thrown instanceof OperatorLawError) return thrown;
    return this.broken(`threw ${String(thrown)}`, {}, thrown);
  }

  private broken(what: string, lines?: Partial<Lines>, cause?: unknown): OperatorLawError {
    const message = `operator law \`${this.law}\` is broken (an operator ${LAWS[this.law]}):\n${what}`;
    return new OperatorLawError(this.law, message, lines, cause);
  }
}

/** How many lines are shown before and after the first that differs. */
const AROUND = { before: 4, after: 6 };

function sideBySide({ expected, actual }: Lines): string {
  const at = expected.findIndex((line, i) => line !== actual[i]);
  const first = at < 0 ? expected.length : at;
  const from = Math.max(first - AROUND.before, 0);
  const to = Math.min(first + AROUND.after, Math.max(expected.length, actual.length));
  const rows = [['', 'expected', 'received']];
  for (let i = from; i < to; i++) {
    rows.push([`${i === first ? '> ' : '  '}${i + 1}`, expected[i] ?? '', actual[i] ?? '']);
  }
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const [one, two] = [width(0), width(1)];
  const text = rows.map(([n = '', e = '', a = '']) =>
    `${n.padStart(one)}  ${e.padEnd(two)}  ${a}`.trimEnd(),
  );
  const left = Math.max(expected.length, actual.length) - to;
  return [...text, ...(left > 0 ? [`… and ${left} more`] : [])].join('\n');
}
