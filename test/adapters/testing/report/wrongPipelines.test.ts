/** The test of the tests: pipelines that are wrong in one thing each fail, with a text that a person can read. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventTimeTest, type MarbleError } from 'tidemark/testing';
import { flowMistakes } from './wrong/flows.js';
import { laneMistakes } from './wrong/lanes.js';
import { memoryMistakes } from './wrong/memories.js';
import { valueMistakes } from './wrong/values.js';
import { type Mistake, windowMistakes } from './wrong/windows.js';

/** `UPDATE_GOLDEN=1 npx jest test/adapters/testing/wrongPipelines` writes them anew; read them then. */
const update = process.env['UPDATE_GOLDEN'] === '1';
const folder = join(__dirname, 'golden');

function optionsOf({ epoch }: Mistake): { epoch?: string } {
  return epoch === undefined ? {} : { epoch };
}

function failureOf(m: Mistake): MarbleError {
  try {
    eventTimeTest(m.wrong, optionsOf(m))();
  } catch (thrown) {
    return thrown as MarbleError;
  }
  throw new Error('the test passed');
}

function fileOf({ name }: Mistake): string {
  return `${name.replace(/\W+/g, '-').replace(/-$/, '')}.txt`;
}

function golden(m: Mistake, text: string): string {
  const file = join(folder, fileOf(m));
  if (update) writeFileSync(file, text);
  return readFileSync(file, 'utf8');
}

const mistakes = [
  ...windowMistakes,
  ...memoryMistakes,
  ...flowMistakes,
  ...valueMistakes,
  ...laneMistakes,
];

describe.each(mistakes)('$name', (m) => {
  it('fails, and says what is wrong', () => {
    const { name, message } = failureOf(m);
    expect(name).toBe('MarbleError');
    const text = `${m.name}\n\n${message}\n`;
    expect(text).toBe(golden(m, text));
  });
  it('passes when it is right', eventTimeTest(m.right, optionsOf(m)));
});

it('the golden folder has one text for each mistake, and no other', () => {
  expect(readdirSync(folder).sort()).toEqual(mistakes.map(fileOf).sort());
});
