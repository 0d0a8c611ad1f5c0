/** Keeps what was given in headers and in the address out of every message. */

/** Shorter ones would take ordinary words apart, and are no secret. */
const SHORTEST = 4;
const HIDDEN = '***';

/** A function that hides the values of headers, also behind a scheme such as `Bearer`, and what the address holds besides its host. */
export function redactor(url: URL, headers: Headers): (text: string) => string {
  const given = [...headers.values()].flatMap((value) => [value, ...value.split(/\s+/).slice(1)]);
  const query = [...url.searchParams.values()];
  const path = url.pathname.split('/');
  const forms = [...given, url.href, url.search, url.hash, ...query, ...path].flatMap((form) => [
    form,
    decoded(form),
  ]);
  const secrets = [...new Set(forms)].filter((form) => form.length >= SHORTEST);
  // the longest first, or a part would leave the rest
  secrets.sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((left, secret) => left.replaceAll(secret, HIDDEN), text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
