/** Words of the notation: what may be a letter, and what is read as something else. */

/** What the notation takes for a name. */
export const WORD = /^[\p{L}\p{N}_]+$/u;

/** The heads that make a text a block. */
export const HEADS: ReadonlySet<string> = new Set([
  'arrival',
  'out',
  'event',
  'watermarks',
  'panes',
]);

const keyword = /^(?:idle|active|barrier|restore|W\d+.*|\d+\p{L}.*)$/u;

/** Whether the word, as one token among others, is read as something else than a letter. */
export function isKeyword(word: string): boolean {
  return keyword.test(word);
}

/** Whether the word is read as a letter wherever it stands, also at the beginning of a line. */
export function standsAlone(word: string): boolean {
  return !isKeyword(word) && !HEADS.has(word);
}
