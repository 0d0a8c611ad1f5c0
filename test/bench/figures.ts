/** What all reports share: medians, and the machine that stands above them. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}

/** The machine and the versions, a line each; `root` is the directory of the package. */
export function machine(root: string, packages: readonly string[]): readonly string[] {
  const version = (path: string): string =>
    JSON.parse(readFileSync(`${root}/${path}package.json`, 'utf8')).version;
  const [cpu] = cpus();
  const used = packages.map((name) => `${name} ${version(`node_modules/${name}/`)}`);
  return [
    `${cpu?.model ?? 'unknown CPU'}, ${cpus().length} CPUs, ${process.platform} ${process.arch}`,
    [`node ${process.version}`, ...used, `tidemark ${version('')}`].join(', '),
  ];
}
