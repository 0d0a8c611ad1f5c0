/** What a person sees: a line of progress while it runs, and at the end the counts and the first rows. */
import type { Writable } from 'node:stream';
import type { InputCounts, Summary } from './summary.js';

const PROGRESS_EVERY_MS = 250;
const FIRST_ROWS = 10;
const figures = new Intl.NumberFormat('en');

/** Shows the line that `text` gives, a few times a second, until the returned function is called. */
export function showProgress(stderr: Writable, text: () => string): () => void {
  const show = () => stderr.write(`\r\x1b[K${text()}`);
  const timer = setInterval(show, PROGRESS_EVERY_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    stderr.write('\r\x1b[K');
  };
}

/** One line: how far time has come, and what was left out on the way. */
export function progressLine(counts: InputCounts, watermark: string | null): string {
  const { lines, malformed, invalid, late, duplicate } = counts;
  const bad = malformed + invalid;
  return `watermark ${watermark ?? '-'}  lines ${figures.format(lines)}  late ${figures.format(late)}  duplicates ${figures.format(duplicate)}  rejected ${figures.format(bad)}`;
}

export function summaryText(summary: Summary): string {
  const { events, profiles, windows, rows, peak } = summary;
  const lines: [string, string][] = [
    ['events', countsText(events)],
    ...(profiles === undefined ? [] : ([['profiles', countsText(profiles)]] as [string, string][])),
    ['windows', `${figures.format(windows)} fired, ${figures.format(rows)} rows in the table`],
    [
      'at most',
      `${figures.format(peak.windows)} windows, ${figures.format(peak.joinRows)} rows to join, ${figures.format(peak.dedupeKeys)} ids to remember`,
    ],
    ['watermark', summary.watermark ?? 'none'],
    ['guarantee', summary.guarantee],
    [
      'time',
      `${figures.format(summary.elapsedMs)} ms, ${figures.format(summary.eventsPerSecond)} events a second`,
    ],
  ];
  return lines.map(([name, text]) => `${name.padEnd(10)} ${text}\n`).join('');
}

function countsText(c: InputCounts): string {
  const parts = [`${figures.format(c.lines)} lines`, `${figures.format(c.accepted)} accepted`];
  for (const name of ['late', 'duplicate', 'malformed', 'invalid'] as const) {
    parts.push(`${figures.format(c[name])} ${name}`);
  }
  return parts.join(', ');
}

/** The first rows of a table in columns; how many more there are. */
export async function tableText(rows: AsyncIterable<object>, count: number): Promise<string> {
  const first: string[][] = [];
  let names: string[] = [];
  for await (const row of rows) {
    names = Object.keys(row);
    first.push(Object.values(row).map(cellText));
    if (first.length === FIRST_ROWS) break;
  }
  if (first.length === 0) return 'no rows\n';
  const all = [names, ...first];
  const widths = names.map((_, i) => Math.max(...all.map((cells) => cells[i]?.length ?? 0)));
  const lines = all.map((cells) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  if (count > first.length) lines.push(`… ${figures.format(count - first.length)} more`);
  return `${lines.join('\n')}\n`;
}

/* Data of others goes to a terminal: control characters do not. */
function cellText(value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'number') return String(Math.round(value * 100) / 100);
  const text = String(value).replace(/[\p{Cc}\p{Cf}]/gu, '?');
  return text.length > 32 ? `${text.slice(0, 31)}…` : text;
}
