import { cutText, MAX_TEXT_LENGTH } from '../../core/text.ts';

/** A message that has the form of a command. There may be no command with this name. */
export interface CommandLine {
  /** Lower case, composed (NFC), 1 to 32 characters. */
  readonly name: string;
  /** What follows the name, without the white space around it. */
  readonly rest: string;
}

/** Names are letters, marks and digits of any script, with `-` and `_` inside. */
export const COMMAND_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]{0,31}$/u;

const LEADING_BLANKS = /^[\s\u200b\u200e\u200f]+/;
const NAME_AT_START = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]{0,31}(?=\s|$)/u;
const ENDS_IN_WORD = /[\p{L}\p{N}]$/u;

/**
 * Reads `!name rest`. The prefix is compared as text, whatever characters it has, in any case, because
 * phones capitalise the first letter. After a prefix that ends in a letter or digit (`bot`), white space
 * must follow, so that "bottle" is not a command. Reads at most as much as WhatsApp's longest message.
 */
export function parseCommand(text: string, prefix: string): CommandLine | undefined {
  const start = cutText(text, MAX_TEXT_LENGTH).replace(LEADING_BLANKS, '');
  if (!startsWithPrefix(start, prefix)) return undefined;
  let line = start.slice(prefix.length);
  if (ENDS_IN_WORD.test(prefix)) {
    const trimmed = line.trimStart();
    if (trimmed.length === line.length) return undefined;
    line = trimmed;
  }
  const name = NAME_AT_START.exec(line)?.[0];
  if (name === undefined) return undefined;
  return { name: normalizeName(name), rest: line.slice(name.length).trim() };
}

/** The form in which names are compared: composed (NFC) and in lower case. */
export function normalizeName(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

function startsWithPrefix(text: string, prefix: string): boolean {
  if (text.startsWith(prefix)) return true;
  return text.slice(0, prefix.length).toLowerCase() === prefix.toLowerCase();
}
