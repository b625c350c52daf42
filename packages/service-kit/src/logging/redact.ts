/** What stands where something must not be told. */
export const redacted = '[redacted]';

/** Names that announce a secret, however they are spelled: `clientSecret`, `x-api-key`, `DB_PASSWORD`. */
const secretName =
  /authori[sz]ation|cookie|passw|passphrase|secret|token|credential|private-?_?key|api-?_?key|access-?_?key/i;

export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** User and password of a URL. */
const urlCredentials = /([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#@]*(?:@[^\s/?#@]*)*@/gi;
const authorizationValue = /\b(bearer|basic)\s+[\w.~+/-]{6,}=*/gi;
const privateKey =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
/** `password=…`, `"token": "…"` within a text. */
const secretAssignment =
  /((?:password|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key)["']?\s*[=:]\s*)(?:"[^"]*"|'[^']*'|[^\s"'&,;})]+)/gi;

/** The text without the secrets that can be recognised in it. */
export function redactText(text: string): string {
  return text
    .replaceAll(privateKey, redacted)
    .replaceAll(urlCredentials, `$1${redacted}@`)
    .replaceAll(authorizationValue, `$1 ${redacted}`)
    .replaceAll(secretAssignment, `$1${redacted}`);
}

const charactersMax = 4_096;
/** A secret is looked for in more than is shown, or the cut could hide what it is known by. */
const searchedCharactersMax = 4 * charactersMax;

/** The text as a log may show it: without secrets and not too long. */
export function loggableText(text: string): string {
  const found = redactText(text.slice(0, searchedCharactersMax));
  if (text.length <= searchedCharactersMax && found.length <= charactersMax) return found;
  return `${found.slice(0, charactersMax).toWellFormed()}…`;
}
