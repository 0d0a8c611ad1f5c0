/** Plain data as TypeScript source. */
import { tag } from '../../../lib/tagged.js';

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** An expression that makes the value again; undefined for what is no plain data. */
export function sourceOf(value: unknown): string | undefined {
  try {
    tag(value);
  } catch {
    return undefined;
  }
  return expression(value);
}

function expression(x: unknown): string {
  if (typeof x === 'string') return textOf(x);
  if (typeof x === 'bigint') return `${x}n`;
  if (typeof x !== 'object' || x === null) return Object.is(x, -0) ? '-0' : String(x);
  if (Array.isArray(x)) return `[${Array.from(x, expression).join(', ')}]`;
  if (x instanceof Date) return `new Date(${x.getTime()})`;
  if (x instanceof Map) return `new Map(${expression([...x])})`;
  if (x instanceof Set) return `new Set(${expression([...x])})`;
  const fields = Object.entries(x).map(([name, v]) => `${fieldOf(name)}: ${expression(v)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

/* `__proto__: x` would set the prototype, `['__proto__']: x` is a field. */
function fieldOf(name: string): string {
  if (name === '__proto__') return "['__proto__']";
  return identifier.test(name) ? name : textOf(name);
}

/* Single quotes, as in the sources of this project; line separators and lone surrogates escaped. */
function textOf(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'");
  return `'${inner.replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`)}'`;
}
