/** Keeps passwords out of every error: those of the client carry what they were given. */

/** Takes a server's password out of an error, in place, wherever it stands. */
export type Redact = <E>(thrown: E) => E;

const HIDDEN = '***';
/** Shorter ones would take ordinary words apart, and are no secret. */
const SHORTEST = 4;
const PASSWORD = /([?&](?:ssl)?password=)[^&\s]*/gi;

/** An address with its user and password left out, for messages. */
export function shownUrl(url: string): string {
  // up to the last @: a password that is not encoded may hold any of the others, and a slash
  return url.replace(/\/\/.*@/s, '//***@').replace(PASSWORD, `$1${HIDDEN}`);
}

/** Knows the password of an address in each of its written forms. */
export function redactorFor(url: string | undefined, password?: unknown): Redact {
  const forms = [...(url === undefined ? [] : passwordsIn(url)), password];
  const secrets = forms.filter((s): s is string => typeof s === 'string' && s.length >= SHORTEST);
  // the longest first, or a part would leave the rest
  secrets.sort((a, b) => b.length - a.length);
  const clean = (text: string) =>
    secrets
      .reduce((left, secret) => left.replaceAll(secret, HIDDEN), text)
      .replace(/\/\/\S*@/g, '//***@')
      .replace(PASSWORD, `$1${HIDDEN}`);
  return (thrown) => redactError(thrown, clean);
}

function passwordsIn(url: string): string[] {
  const [, user = '', raw = ''] = /\/\/([^:/@]*):([^/]*)@/.exec(url) ?? [];
  // one that is not encoded may hold a slash
  const [, , torn = ''] = /\/\/([^:/@]*):(.*)@/s.exec(url) ?? [];
  const [, query = ''] = /[?&]password=([^&]*)/i.exec(url) ?? [];
  // a password that is the name of its user protects nothing, and hides what a message says
  const forms = [raw, torn, query].filter((form) => form !== user);
  return forms.flatMap((form) => [form, decoded(form)]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function redactError<E>(thrown: E, clean: (text: string) => string): E {
  if (typeof thrown === 'string') return clean(thrown) as E;
  if (typeof thrown !== 'object' || thrown === null) return thrown;
  const fields = thrown as Record<string, unknown>;
  for (const name of ['message', 'stack', ...Object.keys(fields)]) {
    const value = fields[name];
    if (typeof value !== 'string') continue;
    const shown = clean(value);
    if (shown !== value) Object.defineProperty(thrown, name, { value: shown });
  }
  return thrown;
}
