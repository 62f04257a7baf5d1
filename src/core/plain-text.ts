/** Longest text that WhatsApp takes in one message, in UTF-16 units. */
export const MAX_TEXT_LENGTH = 65_536;

/**
 * Control characters except newline and tab (C0, DEL, and C1, which some terminals obey: U+009B begins an escape
 * sequence), lone surrogates, separators that break lines, and the marks that change the reading direction.
 */
const UNPRINTABLE =
  /(?![\n\t])[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** How a person writes a command: `!help`, or `bot help` for a prefix that ends in a letter or digit. */
export function commandText(prefix: string, name: string): string {
  return /[\p{L}\p{N}]$/u.test(prefix) ? `${prefix} ${name}` : prefix + name;
}

/**
 * `text` without characters that could garble a message, or control the terminal that shows it. Everything that
 * reaches a terminal or a log and that others may have written goes through this. Newlines and tabs stay. Any length.
 */
export function plainText(text: string): string {
  return text.replace(UNPRINTABLE, '');
}

/** The first `maxLength` UTF-16 units of `text`, never half a character pair. */
export function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const last = text.charCodeAt(maxLength - 1);
  const endsInHalf = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, endsInHalf ? maxLength - 1 : maxLength);
}
