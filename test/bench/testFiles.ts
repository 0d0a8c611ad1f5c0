/** Two test files of one window: marbles, and elements pushed by hand. */

/** How many tests each of the files has. */
export const TESTS = 200;

function fileOf(imports: readonly string[], test: (k: number) => readonly string[]): string {
  const tests = Array.from({ length: TESTS }, (_, i) => test(5 * i).join('\n'));
  return `${[...imports, ...tests].join('\n')}\n`;
}

/** Tests that say it in marbles; `k` moves each to another window. */
export function marbleFile(): string {
  return fileOf(
    [
      "import { count, eventTimeWindow, tumbling } from 'tidemark';",
      "import { eventTimeTest } from 'tidemark/testing';",
    ],
    (k) => [
      `it('a straggler is late in window ${k}', eventTimeTest(({ stream, expectStream, door }) => {`,
      '  const late = door();',
      `  const in$ = stream('a@${k + 1} b@${k + 7} c@${k + 3} W${k + 4} d@${k + 2} W${k + 9} |');`,
      '  const window = eventTimeWindow({ window: tumbling(5), aggregate: { n: count() }, late });',
      '  expectStream(in$.pipe(window)).toBe(',
      `    '· · · (x@${k + 4} W${k + 4}) · (y@${k + 9} W${k + 9}) (W∞ |)',`,
      '    { x: { n: 2 }, y: { n: 1 } },',
      '  );',
      `  late.toBe('· · · · d@${k + 2}');`,
      '}));',
    ],
  );
}

/** The same tests without the toolkit. */
export function plainFile(): string {
  return fileOf(
    [
      "import { Subject } from 'rxjs';",
      "import { count, type Element, event, eventTimeWindow, tumbling, watermarkAt } from 'tidemark';",
    ],
    (k) => [
      `it('a straggler is late in window ${k}', () => {`,
      '  const in$ = new Subject<Element<string>>();',
      '  const out: unknown[] = [];',
      '  const late: unknown[] = [];',
      '  const window = eventTimeWindow({',
      '    window: tumbling(5),',
      '    aggregate: { n: count() },',
      '    late: (e) => void late.push([e.value, e.timestamp]),',
      '  });',
      '  in$.pipe(window).subscribe({',
      '    next: (e) => {',
      "      if (e.kind === 'event') out.push([e.value.value, e.timestamp]);",
      "      if (e.kind === 'watermark') out.push(e.timestamp);",
      '    },',
      "    complete: () => out.push('complete'),",
      '  });',
      `  in$.next(event('a', ${k + 1}));`,
      `  in$.next(event('b', ${k + 7}));`,
      `  in$.next(event('c', ${k + 3}));`,
      `  in$.next(watermarkAt(${k + 4}));`,
      `  in$.next(event('d', ${k + 2}));`,
      `  in$.next(watermarkAt(${k + 9}));`,
      '  in$.complete();',
      '  expect(out).toEqual([',
      `    [{ n: 2 }, ${k + 4}], ${k + 4}, [{ n: 1 }, ${k + 9}], ${k + 9}, Infinity, 'complete',`,
      '  ]);',
      `  expect(late).toEqual([['d', ${k + 2}]]);`,
      '});',
    ],
  );
}
