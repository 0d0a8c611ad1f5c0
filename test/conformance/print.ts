/** Cases as marbles: steps above, expected and received below, one column a step. */
import type { Case, Row } from './case.js';
import type { Verdict } from './run.js';

const WIDTH = 110;

/** A failing case, with a mark under each step that differs. */
export function printCase(c: Case, verdict: Verdict): string {
  const columns = c.steps.map((step, i) => column(step, i, verdict));
  const lines = [`✗ ${c.id} ${JSON.stringify(c.cfg)}`];
  let from = 0;
  while (from < columns.length) {
    let to = from;
    let width = 0;
    while (to < columns.length && (to === from || width < WIDTH)) {
      width += Math.max(...(columns[to] as string[]).map((cell) => cell.length)) + 2;
      to++;
    }
    lines.push(...block(columns.slice(from, to)), '');
    from = to;
  }
  return lines.join('\n');
}

function column(step: Row, i: number, { expected, received }: Verdict): string[] {
  const wanted = cell(expected[i]);
  if (received === undefined) return [printStep(step), wanted, i === 0 ? 'not built' : '', ''];
  const got = cell(received[i]);
  return [printStep(step), wanted, got, wanted === got ? '' : '^'];
}

function block(columns: readonly (readonly string[])[]): string[] {
  return ['steps   ', 'expected', 'received', '        '].map((title, line) => {
    const cells = columns.map((c) =>
      (c[line] as string).padEnd(Math.max(...c.map((x) => x.length))),
    );
    return `  ${title}  ${cells.join('  ')}`.trimEnd();
  });
}

function cell(rows: readonly Row[] | undefined): string {
  const parts = (rows ?? []).map(printRow);
  return parts.length > 1 ? `(${parts.join(' ')})` : (parts[0] ?? '·');
}

function printStep([kind, ...fields]: Row): string {
  const [a, b, c] = fields;
  if (kind === 'el' && fields.length === 3) return `${a}:${b}@${c}`;
  if ((kind === 'l' || kind === 'r') && fields.length === 3) return `${kind}.${a}:${b}@${c}`;
  if (kind === 'wm' && fields.length === 1) return `W${time(a)}`;
  if (kind === 'wm') return `${a}.W${time(b)}`;
  if (kind === 'wml' || kind === 'wmr') return `${String(kind).slice(2)}.W${time(a)}`;
  if (kind === 'ev') return `${a}@${b}`;
  if (kind === 'tick') return `${a}ms`;
  if ((kind === 'idle' || kind === 'active') && fields.length === 1) return `${a}.${kind}`;
  return other([kind, ...fields]);
}

function printRow(row: Row): string {
  const [kind, ...f] = row;
  switch (kind) {
    case 'R': {
      const unchanged = f.length > 5 ? '=' : '';
      return `${f[0]}:${JSON.stringify(f[1])}[${f[2]},${f[3]})@${f[4] ?? '?'}${unchanged}`;
    }
    case 'J':
      return f.length > 4 ? other(row) : `${f[0]}:${f[1]}+${f[2]}@${f[3]}`;
    case 'W':
      return `W${time(f[0])}`;
    case 'IDLE':
    case 'ACTIVE':
      return String(kind).toLowerCase();
    default:
      return other(row);
  }
}

function other([kind, ...fields]: Row): string {
  return fields.length === 0 ? String(kind) : `${kind}(${fields.map(text).join(',')})`;
}

function text(x: unknown): string {
  return typeof x === 'string' ? x : JSON.stringify(x);
}

function time(t: unknown): string {
  return t === 'MAX' ? '∞' : String(t);
}

export interface Tally {
  passed: number;
  failed: number;
  notBuilt: number;
}

/** Passed and failed by family. */
export function printTable(tallies: ReadonlyMap<string, Tally>): string {
  const rows = [...tallies].sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = rows.map(([family, { passed, failed, notBuilt }]) => {
    const counts = `${family.padEnd(8)}${String(passed).padStart(8)}${String(failed).padStart(8)}`;
    return notBuilt > 0 ? `${counts}   ${notBuilt} not built` : counts;
  });
  return [`${'family'.padEnd(8)}${'passed'.padStart(8)}${'failed'.padStart(8)}`, ...lines].join(
    '\n',
  );
}
