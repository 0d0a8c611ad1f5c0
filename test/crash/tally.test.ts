/** What an interrupted command goes on from, and where a kill has landed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Place } from './stages.js';
import { add, missed, nothing, Saved } from './tally.js';

const dir = mkdtempSync(join(tmpdir(), 'tidemark-tally-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const right = { lost: 0, doubled: 0, wrong: 0 };

test('a report is taken up as it was written, by the same options alone', () => {
  const path = join(dir, 'report');
  const report = add(nothing, [{ stage: 'commit', wentOnMs: 12 }], { ...right, lost: 2 });
  new Saved(path, 'redis: seed 1').write(report);
  expect(new Saved(path, 'redis: seed 1').read()).toEqual(report);
  expect(() => new Saved(path, 'redis: seed 2').read()).toThrow(/is of redis: seed 1, not of/);
  expect(new Saved(join(dir, 'none'), 'redis: seed 1').read()).toBe(nothing);
  writeFileSync(path, 'torn');
  expect(() => new Saved(path, 'redis: seed 1').read()).toThrow(/something else/);
});

test('a run counts its kills by stage, and those of a process that had begun as mid-work', () => {
  const landed = [
    { stage: 'start', wentOnMs: 5 },
    { stage: 'capture', wentOnMs: 90 },
  ] as const;
  const report = add(nothing, landed, right);
  expect(report).toMatchObject({ runs: 1, kills: 2, midWork: 1, longestMs: 90, lost: 0 });
  expect(missed(report)).toEqual([
    ...['restore', 'reading', 'commit', 'outbox', 'final commit', 'closing'],
  ]);
});

test('a process is where its steps say, and of two that are under way in the one that matters more', () => {
  const place = new Place();
  const stages = [
    ...['+ open', '- open', '+ acquire', '- acquire', '+ fence', '- fence', '+ read'],
    ...['+ capture', '+ commit', '+ apply', '- commit ok', '- apply ok', '+ final', '- final ok'],
    ...['+ count', '- count', '+ rows', '+ close'],
  ].map((line) => {
    place.hear(line);
    return place.stage;
  });
  expect(stages).toEqual([
    ...['restore', 'restore', 'restore', 'restore', 'outbox', 'restore', 'reading'],
    ...['capture', 'commit', 'commit', 'outbox', 'reading', 'final commit', 'reading'],
    ...['closing', 'closing', 'closing', 'closing'],
  ]);
});
