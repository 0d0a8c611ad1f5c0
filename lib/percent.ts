/** Any text as plain ASCII: percent-encoded UTF-8, one form for each text, also where surrogates stand alone. */

const utf8 = new TextEncoder();

/** Keeps the characters that `plain` matches; a lone surrogate, which UTF-8 cannot hold, becomes `%u` and its number. */
export function toPercent(text: string, plain: RegExp): string {
  let out = '';
  for (const character of text) {
    if (character !== '%' && plain.test(character)) out += character;
    else if (/^[\ud800-\udfff]$/.test(character)) out += `%u${hex(character.charCodeAt(0), 4)}`;
    else for (const byte of utf8.encode(character)) out += `%${hex(byte, 2)}`;
  }
  return out;
}

/** The text that was encoded; undefined where it is none. */
export function fromPercent(text: string): string | undefined {
  try {
    return text.replace(/%u([0-9a-f]{4})|(?:%[0-9a-f]{2})+|%/gi, (part, unit?: string) =>
      unit === undefined ? decodeURIComponent(part) : String.fromCharCode(Number(`0x${unit}`)),
    );
  } catch {
    return undefined;
  }
}

function hex(n: number, digits: number): string {
  return n.toString(16).padStart(digits, '0');
}
