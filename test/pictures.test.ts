/** The pictures of the docs are those that the script draws. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from '@swc/core';

const root = join(__dirname, '..');

/** What the script would write, drawn by the sources, by file. */
function drawn(): Readonly<Record<string, string>> {
  const source = readFileSync(join(root, 'scripts/pictures.mjs'), 'utf8');
  const { code } = transformSync(source, { module: { type: 'commonjs' } });
  const script = { pictures: {} };
  new Function('require', 'exports', code)((name: string) => require(name), script);
  return script.pictures;
}

it('each picture of the docs is the one that the script draws, and there is no other', () => {
  const pictures = drawn();
  const kept = readdirSync(join(root, 'docs/pictures'));
  expect(kept.sort()).toEqual(Object.keys(pictures).sort());
  const stale = kept.filter(
    (file) => readFileSync(join(root, 'docs/pictures', file), 'utf8') !== pictures[file],
  );
  expect({ stale, cure: 'npm run build && npm run pictures' }).toMatchObject({ stale: [] });
});
