// What no text of ours may show, wherever it comes from: logs, status, events, Temporal's history.

export const HIDDEN = '[redacted]';

/** Hides user:password in URLs, bearer tokens and private keys inside a text. */
export function redactedText(text: string): string {
  return text
    .replace(/(:\/\/)[^\s/@]+@/g, `$1${HIDDEN}@`)
    .replace(/\b(Bearer|Basic) [\w.~+/=-]+/gi, `$1 ${HIDDEN}`)
    .replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, HIDDEN);
}
