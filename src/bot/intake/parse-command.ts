import { skipInvisible, withoutInvisible } from '../../core/invisible-characters.ts';
import { cutText, MAX_TEXT_LENGTH } from '../../core/plain-text.ts';

/** A message that has the form of a command. There may be no command with this name. */
export interface CommandLine {
  /** Lower case, compatible forms composed (NFKC). */
  readonly name: string;
  /** What follows the name, without the white space around it. */
  readonly rest: string;
}

/** Names are letters, marks and digits of any script, with `-` and `_` inside. */
export const COMMAND_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]{0,31}$/u;

const ENDS_IN_WORD = /[\p{L}\p{N}]$/u;
/** How many characters of a message may be before and in the command word. */
const MAX_HEAD = 200;
/** A name with what people add by mistake: ` ping`, `ping.`, `!ping`. */
const NEAR_NAME = /^[\p{P}\p{S}\s]{0,3}[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]{0,31}[\p{P}\p{S}]{0,3}(?=\s|$)/u;

/**
 * Reads `!name rest`. The prefix is compared as text, whatever characters it has, in any case, because
 * phones capitalise the first letter. Other forms of a character count as the character (full-width `！` and the emoji
 * `❗` are `!`), and invisible marks in the command word are ignored. After a prefix that ends in a letter or digit
 * (`bot`), white space must follow, so that "bottle" is not a command. Reads at most as much as WhatsApp's longest
 * message.
 */
export function parseCommand(text: string, prefix: string): CommandLine | undefined {
  const plain = parsePlain(text, prefix);
  if (plain !== undefined) return plain ?? undefined;
  const whole = cutText(text, MAX_TEXT_LENGTH);
  let at = prefixEnd(whole, prefix);
  if (at === undefined) return undefined;
  if (ENDS_IN_WORD.test(prefix)) {
    const nameAt = skipInvisible(whole, at, (char) => char.trim() === '');
    if (nameAt === skipInvisible(whole, at, () => false)) return undefined;
    at = nameAt;
  }
  const end = skipInvisible(whole, at, (char) => char.trim() !== '');
  if (end - at > MAX_HEAD) return undefined;
  const name = withoutInvisible(whole.slice(at, end));
  return COMMAND_NAME.test(name) ? { name: normalizeName(name), rest: whole.slice(end).trim() } : undefined;
}

/** To JavaScript the byte order mark is white space; to people it is nothing. */
const PLAIN_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}(?=[^\S\ufeff]|$)/;
const SIGN = /^[!-/:-@[-`{-~]+$/;

/** The usual cases, quickly: signs of ASCII as the prefix. Null is no command, undefined is not decided. */
function parsePlain(text: string, prefix: string): CommandLine | null | undefined {
  if (!SIGN.test(prefix)) return undefined;
  if (/^[A-Za-z0-9]/.test(text)) return null;
  if (!text.startsWith(prefix)) return undefined;
  const name = PLAIN_NAME.exec(text.slice(prefix.length, prefix.length + 40))?.[0];
  if (name === undefined) return undefined;
  const rest = cutText(text, MAX_TEXT_LENGTH).slice(prefix.length + name.length);
  return { name: name.toLowerCase(), rest: rest.trim() };
}

/** Whether the text begins almost like a command: with a space after the prefix, or punctuation after the name. */
export function isNearCommand(text: string, prefix: string): boolean {
  if (text.length > MAX_HEAD || ENDS_IN_WORD.test(prefix)) return false;
  if (SIGN.test(prefix) && /^[A-Za-z0-9]/.test(text)) return false;
  // One character may stand for several signs: `‼`.
  const start = text.normalize('NFKC');
  const at = prefixEnd(start, prefix);
  return at !== undefined && NEAR_NAME.test(withoutInvisible(start.slice(at)));
}

/** Where the prefix ends in `text`; undefined if the text does not begin with it. */
function prefixEnd(text: string, prefix: string): number | undefined {
  const wanted = comparable(withoutInvisible(prefix));
  let at = skipInvisible(text, 0, (char) => char.trim() === '');
  let found = '';
  // In other forms (decomposed, or one character for several) the prefix has some characters more or less.
  while (wanted !== '' && at < text.length && found.length < prefix.length + wanted.length + 4) {
    found += text.charAt(at);
    at += 1;
    if (comparable(found) === wanted) return at;
    at = skipInvisible(text, at, () => false);
  }
  return undefined;
}

/** The form in which prefixes are compared: compatible forms composed (NFKC), emoji marks as their sign, lower case. */
function comparable(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[\u2755\u2757]/g, '!')
    .replace(/[\u2753\u2754]/g, '?')
    .toLowerCase();
}

/** The form in which names are compared: compatible forms composed (NFKC), so full-width letters are letters; lower case. */
export function normalizeName(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}
