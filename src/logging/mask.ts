import { plainText } from '../core/plain-text.ts';

/** Replaces what was taken out. */
const GAP = '•••';
const MAX_TEXT_CHARS = 8_000;

/** Enough of a phone number to tell two people apart, never all of it: `49151•••123`. Keeps a leading `+`. */
export function maskNumber(number: string): string {
  const digits = number.replace(/\D/g, '');
  const tail = digits.length >= 10 ? 3 : digits.length >= 7 ? 2 : 0;
  // At least four digits go.
  const head = Math.max(0, Math.min(5, digits.length - tail - 4));
  const plus = number.trimStart().startsWith('+') ? '+' : '';
  return plus + digits.slice(0, head) + GAP + digits.slice(digits.length - tail);
}

/** An address with its number masked: `49151•••123:7@s.whatsapp.net`. The same for LIDs and groups. */
export function maskJid(jid: string): string {
  const at = jid.indexOf('@');
  if (at === -1) return maskText(jid);
  return jid.slice(0, at).replace(/\d{5,}/g, maskNumber) + jid.slice(at);
}

/** The user and the password of a URL, as they are written there and decoded: for `hide` of a logger. */
export function credentialsIn(url: string): string[] {
  if (!URL.canParse(url)) return [];
  const { username, password } = new URL(url);
  const written = [password, username].filter((part) => part !== '');
  return [...new Set([...written, ...written.map(decoded)])];
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

type Rule = readonly [pattern: RegExp, replacement: string | ((match: string) => string)];

/** A key in base64 or hex has no spaces, and capitals, small letters and digits in no order. */
function maskBlob(text: string): string {
  const isMixed = /[a-z]/.test(text) && /[A-Z]/.test(text) && (text.length >= 40 || /\d/.test(text));
  return isMixed || /^[0-9a-f]{64,}$/i.test(text) ? GAP : text;
}

// The quantifiers are bounded, so that no input makes these slow.
const RULES: readonly Rule[] = [
  // V8 quotes what it could not parse, which may be a key file or a message.
  [/Unexpected token [\s\S]{0,200}? is not valid JSON/g, 'the text is not valid JSON'],
  [/"[^"]{0,200}"(?:\.\.\.)? is not valid JSON/g, 'the text is not valid JSON'],
  // User and password of a URL, and what authorizes a request.
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/?#]{1,200}@/gi, `$1${GAP}@`],
  [
    /(\bBearer\s{1,4}|[?&](?:access_?)?(?:token|key|auth|pass|password|secret|signature)=)[^\s&"]{1,400}/gi,
    `$1${GAP}`,
  ],
  [/[\w.:+-]{1,64}@[a-z][a-z.]{1,30}/g, maskJid],
  [/\+\d[\d ().\u00a0-]{5,24}\d/g, (match) => maskNumber(match)],
  [/(?<=%2B)\d{7,15}(?!\d)/gi, maskNumber],
  // Eight digits and more: process ids stay readable. Not inside a message id, nor the last part of a version.
  [/(?<![A-Za-z0-9]|\d\.)\d{8,15}(?![A-Za-z0-9])/g, maskNumber],
  // Pairing codes, as they are shown and as they come (https://www.crockford.com/base32.html without 0).
  [/(?<![\w-])[1-9A-HJ-NP-TV-Z]{4}-[1-9A-HJ-NP-TV-Z]{4}(?![\w-])/g, GAP],
  [/(?<![\w-])(?=[A-Z]{0,7}[1-9])(?=[1-9]{0,7}[A-Z])[1-9A-HJ-NP-TV-Z]{8}(?![\w-])/g, GAP],
  [/[A-Za-z0-9+_-]{40,2000}={0,2}/g, maskBlob],
];

/** For texts that others wrote: they may mask paths as well. */
const STRICT_RULES: readonly Rule[] = [
  [/[A-Za-z0-9+/_-]{24,2000}={0,2}/g, maskBlob],
  [/(?<![A-Za-z0-9]|\d\.)\d{7,15}(?![A-Za-z0-9])/g, maskNumber],
];

function apply(rules: readonly Rule[], text: string): string {
  let masked = text.length > MAX_TEXT_CHARS ? `${text.slice(0, MAX_TEXT_CHARS)}…` : text;
  for (const [pattern, replacement] of rules) {
    masked =
      typeof replacement === 'string'
        ? masked.replace(pattern, replacement)
        : masked.replace(pattern, (match) => replacement(match));
  }
  return masked;
}

/** A text without phone numbers, numbers in addresses, pairing codes, passwords in URLs and keys. */
export function maskText(text: string): string {
  return apply(RULES, text);
}

/** `maskText`, and more: for texts that a library wrote. */
export function maskForeignText(text: string): string {
  return apply(RULES, apply(STRICT_RULES, text));
}

export type Masker = (text: string) => string;

function anyOf(literals: readonly string[]): RegExp | undefined {
  if (literals.length === 0) return undefined;
  const escaped = literals.map((literal) => literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`(${escaped.sort((a, b) => b.length - a.length).join('|')})`);
}

/**
 * `maskText` that also removes control characters, takes out each of `hide` (passwords of six characters and more), and
 * leaves each of `keep` as it is: paths, because a masked command cannot be run. Only paths are kept.
 */
export function createMasker(keep: readonly string[], hide: readonly string[]): Masker {
  const kept = anyOf(keep.filter((literal) => /[/\\]./.test(literal)));
  // A token of a few letters would occur in many words.
  const hidden = hide.filter((secret) => secret.length >= 6);
  return (text) => {
    let shown = plainText(text);
    for (const secret of hidden) shown = shown.replaceAll(secret, GAP);
    if (kept === undefined) return maskText(shown);
    // A split by one group gives what is between and what matched, in turn.
    return shown
      .split(kept)
      .map((part, index) => (index % 2 === 1 ? part : maskText(part)))
      .join('');
  };
}
