/** Reads case files: one JSON object a line, gzipped or not, or folders of such files. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Case } from './case.js';

/** The case files that a path means. @throws Error, in one sentence, where there are none */
export function caseFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path, { recursive: true }).map(String).sort();
  const found = names.filter((name) => /\.jsonl(\.gz)?$/.test(name));
  if (found.length === 0) throw new Error(`${path} has no .jsonl or .jsonl.gz file`);
  return found.map((name) => join(path, name));
}

/** The cases of one file. @throws Error, in one sentence, naming the line that is no case */
export function readCases(file: string): Case[] {
  const bytes = readFileSync(file);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const parsed = parse(line);
    if (!isCase(parsed)) throw new Error(`${file}:${i + 1} is no case`);
    return [parsed];
  });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isCase(x: unknown): x is Case {
  const c = x as Partial<Case> | null | undefined;
  const named = typeof c?.id === 'string' && typeof c.family === 'string';
  return named && isObject(c.cfg) && Array.isArray(c.steps) && Array.isArray(c.out);
}

function isObject(x: unknown): boolean {
  return typeof x === 'object' && x !== null;
}
