/** The name of a partition as the name of a directory: one for each, on any file system, and never a way out. */
import { createHash } from 'node:crypto';
import { toPercent } from '../../lib/percent.js';

/** Longer ones are cut, and their digest stands for the rest. */
const LONGEST = 180;
const KEPT = 120;
/** What Windows takes for a device, with or without an extension. */
const device = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/;

/**
 * Keeps small letters, digits, `_`, `-`, `=` and inner dots; all else, capital letters too, is
 * percent-encoded, so that no two partitions meet where case or Unicode forms are not told apart.
 */
export function partitionName(partition: string): string {
  if (partition === '') return '%';
  const encoded = toPercent(partition, /^[a-z0-9_=.-]$/)
    .replace(/^\.|\.$/g, '%2e')
    .replace(device, (name) => `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`);
  if (encoded.length <= LONGEST) return encoded;
  // hashed in UTF-16, which holds any string
  const digest = createHash('sha256').update(partition, 'utf16le').digest('hex');
  return `${encoded.slice(0, KEPT)}%-${digest.slice(0, 40)}`;
}
