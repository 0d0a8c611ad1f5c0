/** Command lines: a table of options, the values that were given, and one sentence for every wrong use. */
import { parseDuration } from 'tidemark';

/** The longest duration that an option takes: a century. */
const LONGEST_MS = 100 * 366 * 86_400_000;

/** A wrong use of the command line: exit 2. */
export class UsageError extends Error {}

export interface Option {
  readonly name: string;
  /** What stands for its value in the help; a flag has none. */
  readonly value?: string;
  readonly meaning: string;
  readonly default?: string;
  /** Which part it waits for: until that is built, it is refused. */
  readonly later?: string;
}

/** Says which option, what rule, what it got. */
export function wrong(program: string, option: string, rule: string, got: string): UsageError {
  return new UsageError(`${program}: \`--${option}\` must be ${rule}; got ${quoted(got)}`);
}

/** A value in quotes; what may be a secret (user and password of an address, well-formed or not) is left out. */
export function quoted(text: string): string {
  const shown = withoutSecrets(text);
  return JSON.stringify(shown.length > 80 ? `${shown.slice(0, 77)}...` : shown);
}

function withoutSecrets(text: string): string {
  const open = text.replace(/([?&][^=&]*(?:pass|secret|token)[^=&]*=)[^&]*/gi, '$1…');
  if (/[/:].*@/s.test(text)) return open.replace(/(:?\/\/|:).*@/s, '$1…@');
  const [, scheme] = /^([a-z][\w+.-]*:\/\/)./is.exec(text) ?? [];
  if (scheme !== undefined && !URL.canParse(text)) return `${scheme}…`;
  return open.replace(/^(postgres\w*|redis\w*):(?!\/\/).+/is, '$1:…');
}

/** The values of a command line, read by the rule of each option. */
export class Values {
  constructor(
    readonly program: string,
    private readonly given: ReadonlyMap<string, string>,
    private readonly options: readonly Option[],
  ) {}

  has(name: string): boolean {
    return this.given.has(name);
  }

  text(name: string): string | undefined {
    return this.given.get(name) ?? this.options.find((o) => o.name === name)?.default;
  }

  /** What it got is the value of this option, or of another that goes with it. */
  wrong(name: string, rule: string, got = name): UsageError {
    return wrong(this.program, name, rule, this.text(got) ?? '');
  }

  /** Milliseconds: whole ms, or a number and a unit. */
  duration(name: string, least: 0 | 1): number {
    const text = this.text(name) ?? '';
    const ms = /^[+-]?\d+$/.test(text) ? Number(text) : parseDuration(text);
    if (ms !== undefined && ms >= least && ms <= LONGEST_MS) return ms;
    const from = least === 0 ? '>=' : '>';
    throw this.wrong(name, `a duration ${from} 0 such as 500ms, 30s, 5m or 1h, a century at most`);
  }

  integer(name: string, least: number): number {
    const text = this.text(name) ?? '';
    const n = Number(text);
    if (/^-?\d+$/.test(text) && Number.isSafeInteger(n) && n >= least) return n;
    throw this.wrong(name, `a whole number >= ${least}`);
  }

  /** A number from 0 to 1. */
  share(name: string): number {
    const text = this.text(name) ?? '';
    const n = Number(text);
    if (/^(\d+\.?\d*|\.\d+)$/.test(text) && n <= 1) return n;
    throw this.wrong(name, 'a share from 0 to 1');
  }
}

/** Reads `--name value`, `--name=value` and `--flag`. @throws UsageError */
export function readCommand(
  program: string,
  argv: readonly string[],
  options: readonly Option[],
): Values {
  const given = new Map<string, string>();
  for (let i = 0; i < argv.length; i++) {
    const [name, inline] = split(program, argv[i] as string);
    const option = options.find((o) => o.name === name);
    if (option === undefined) throw unknown(program, name, options);
    const follows = argv[i + 1];
    const takes = option.value !== undefined && inline === undefined;
    if (takes && follows !== undefined && !follows.startsWith('--')) i++;
    given.set(name, valueFor(program, option, inline ?? (takes ? follows : undefined)));
  }
  return new Values(program, given, options);
}

function split(program: string, arg: string): [name: string, inline: string | undefined] {
  if (arg === '-h') return ['help', undefined];
  if (!arg.startsWith('--') || arg === '--') {
    throw new UsageError(
      `${program}: arguments must be options such as --help; got ${quoted(arg)}`,
    );
  }
  const equals = arg.indexOf('=');
  return equals < 0 ? [arg.slice(2), undefined] : [arg.slice(2, equals), arg.slice(equals + 1)];
}

function valueFor(program: string, option: Option, value: string | undefined): string {
  const optional = option.value?.startsWith('[') === true;
  const missing = value === undefined || value === '' || value.startsWith('--');
  if (option.later !== undefined) {
    throw wrong(program, option.name, `left out until ${option.later} is built`, value ?? '');
  }
  if (option.value === undefined) {
    if (value === undefined) return '';
    throw wrong(program, option.name, 'given without a value', value);
  }
  if (!missing || optional) return value ?? '';
  throw wrong(program, option.name, `followed by a value (${option.value})`, value ?? '');
}

function unknown(program: string, name: string, options: readonly Option[]): UsageError {
  const known = options.filter((o) => o.later === undefined).map((o) => `--${o.name}`);
  return new UsageError(
    `${program}: options must be one of ${known.join(' ')}; got ${quoted(`--${name}`)}`,
  );
}

/** The help: usage, and a table of the options that are built. */
export function help(usage: string, options: readonly Option[]): string {
  const built = options.filter((o) => o.later === undefined);
  const heads = built.map(
    ({ name, value }) => `--${name}${value === undefined ? '' : ` ${value}`}`,
  );
  const width = Math.max(...heads.map((head) => head.length));
  const lines = built.map((option, i) => {
    const tail = option.default === undefined ? '' : ` (default ${option.default})`;
    return `  ${heads[i]?.padEnd(width)}  ${option.meaning}${tail}`;
  });
  return `${usage}\n\n${lines.join('\n')}\n`;
}
