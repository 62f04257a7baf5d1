import { isVisible, skipInvisible, withoutInvisible, withoutMarks } from '../core/invisible-characters.ts';
import { commandText } from '../core/plain-text.ts';
import { readDuration } from './duration.ts';
import { phrases } from './phrases.ts';

/** What an argument may look at besides its text. */
export interface ArgFacts {
  /** The JIDs that the message mentions. */
  readonly mentions: readonly string[];
  /** The key of a person, the same for each of their addresses. Default: the address itself. */
  readonly personOf?: (jid: string) => string;
}

/** What an argument read from the text. If it does not fit, the person gets `problem` above the usage line. */
export type Read<T> =
  | { readonly isFit: true; readonly value: T; readonly rest: string }
  | { readonly isFit: false; readonly problem?: string };

/**
 * One argument. It reads its value from the start of the text and leaves the rest to the next argument. You can write
 * your own.
 */
export interface Arg<T> {
  /** How the usage line shows the argument that has this name. */
  shows(name: string): string;
  /** Reads from `text`, which is what the arguments before this one left. */
  read(text: string, facts: ArgFacts): Read<T>;
}

/** Arguments by name, in the order in which they are written. */
export type ArgSpec = { readonly [name: string]: Arg<unknown> };
/** The values of arguments, by name. */
export type ArgsOf<S extends ArgSpec> = { readonly [K in keyof S]: S[K] extends Arg<infer T> ? T : never };

const UNFIT = { isFit: false } as const;

/** The usage line: `!remind <20m> <text…>`. Made from the arguments, so that it is never out of date. */
export function usageOf(prefix: string, name: string, spec: ArgSpec): string {
  return [
    commandText(prefix, name),
    ...Object.entries(spec).map(([key, arg]) => arg.shows(phrases.argument(key))),
  ].join(' ');
}

/** The values of all arguments, or a sentence that says what is wrong (empty if the usage line says enough). */
export function parseArgs(
  spec: ArgSpec,
  text: string,
  facts: ArgFacts,
): { readonly values: Record<string, unknown> } | { readonly problem: string } {
  const values: Record<string, unknown> = {};
  const entries = Object.entries(spec);
  let left = text.trimStart();
  for (const [name, arg] of entries) {
    const read = arg.read(left, facts);
    if (!read.isFit) return { problem: read.problem ?? '' };
    values[name] = read.value;
    left = read.rest;
  }
  // A command without arguments ignores further words: "!ping please".
  return entries.length > 0 && isVisible(left) ? { problem: '' } : { values };
}

/** One word, without the invisible marks that keyboards put around it. */
export function word(): Arg<string> {
  return { shows: (name) => `<${name}>`, read: readWord };
}

/** All the text that is left, with its line breaks; at least one character. */
export function rest(): Arg<string> {
  return {
    shows: (name) => `<${name}…>`,
    read: (text) => (isVisible(text) ? { isFit: true, value: text.trim(), rest: '' } : UNFIT),
  };
}

/** A whole number from `min` to `max`; default: any that JavaScript can hold exactly. */
export function integer(min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): Arg<number> {
  return {
    shows: (name) => `<${name}>`,
    read(text) {
      const read = readWord(text);
      if (!read.isFit) return UNFIT;
      const digits = withoutInvisible(read.value);
      if (!/^[+-]?\d{1,16}$/.test(digits)) return UNFIT;
      const value = Number(digits);
      return value >= min && value <= max ? { ...read, value } : UNFIT;
    },
  };
}

/** One of these words, in any case; the value is the word as it is written in the command. */
export function choice<const W extends string>(...words: readonly W[]): Arg<W> {
  return {
    shows: () => `<${words.join('|')}>`,
    read(text) {
      const read = readWord(text);
      const typed = read.isFit ? comparable(read.value) : undefined;
      const value = words.find((one) => comparable(one) === typed);
      return read.isFit && value !== undefined ? { ...read, value } : UNFIT;
    },
  };
}

/**
 * A time span: `20m`, `1h30m`, `in 20 minutes`, `me in 2 days`; from a second to `maxMs`, default a year. In
 * milliseconds.
 */
export function duration(maxMs = 365 * 86_400_000): Arg<number> {
  return {
    shows: () => '<20m>',
    read(text) {
      const plain = withoutInvisible(text);
      const read = readDuration(plain.replace(/^\s*(?:me\s+)?(?:in\s+)?/i, ''));
      if (read === undefined) return UNFIT;
      if (read.ms < 1_000) return { isFit: false, problem: phrases.tooShortTime };
      if (read.ms > maxMs) return { isFit: false, problem: phrases.tooLongTime(phrases.duration(maxMs)) };
      return { isFit: true, value: read.ms, rest: lastVisible(text, read.rest) };
    },
  };
}

/** `@name` with signs and invisible marks around it, up to a space or the next mention. */
const MENTION = /^[^\p{L}\p{N}@]*@([\p{L}\p{N}+._\p{Default_Ignorable_Code_Point}-]*[\p{L}\p{N}])[^\s@]*/u;

/**
 * A person whom the message mentions: `@15551234567`, with or without punctuation after it. The text may name the
 * number and WhatsApp the LID of the same person; if the message mentions exactly one person, that is the one.
 */
export function person(): Arg<{ readonly jid: string }> {
  return {
    shows: (name) => `<@${name}>`,
    read(text, { mentions, personOf = (jid) => jid }) {
      const found = MENTION.exec(text);
      const user = found?.[1] && withoutInvisible(found[1]).replace(/^\+/, '');
      if (found === null || !user) return UNFIT;
      const [only, ...others] = [...new Set(mentions)];
      const keys = [`${user}@s.whatsapp.net`, `${user}@lid`].map(personOf);
      const jid =
        mentions.find((one) => one.split(/[:@]/, 1)[0] === user) ??
        mentions.find((one) => keys.includes(personOf(one))) ??
        (others.length === 0 ? only : undefined);
      if (jid === undefined) return UNFIT;
      return { isFit: true, value: { jid }, rest: text.slice(found[0].length).trimStart() };
    },
  };
}

/** From `min` to `max` pieces of text between `|` or line breaks: `Lunch? | pizza | soup`. */
export function parts(min: number, max: number): Arg<readonly string[]> {
  return {
    shows: (name) => `<${name}> | …`,
    read(text) {
      const pieces = text.split(/[|\n]/).map((piece) => piece.trim());
      const value = pieces.filter(isVisible);
      return value.length < min || value.length > max ? UNFIT : { isFit: true, value, rest: '' };
    },
  };
}

/** The argument may be left out; its value is then `undefined`. Only for the last arguments. */
export function optional<T>(arg: Arg<T>): Arg<T | undefined> {
  return {
    shows: (name) => `[${arg.shows(name).replace(/^<(.*)>$/, '$1')}]`,
    read: (text, facts) =>
      isVisible(text) ? arg.read(text, facts) : { isFit: true, value: undefined, rest: '' },
  };
}

function readWord(text: string): Read<string> {
  const from = skipInvisible(text, 0, (char) => char.trim() === '');
  // To JavaScript the byte order mark is white space.
  const typed = /^[\S\ufeff]+/.exec(text.slice(from))?.[0];
  if (typed === undefined) return UNFIT;
  return { isFit: true, value: withoutMarks(typed), rest: text.slice(from + typed.length).trimStart() };
}

const comparable = (word: string): string => withoutInvisible(word).toLowerCase();

/** The end of `text` that has these visible characters, with the invisible ones directly before and between them. */
function lastVisible(text: string, plainEnd: string): string {
  if (plainEnd === '') return '';
  const chars = [...text];
  let left = plainEnd.length;
  let at = chars.length;
  while (at > 0) {
    const char = chars[at - 1] ?? '';
    const isShown = withoutInvisible(char) !== '';
    if (isShown && left === 0) break;
    if (isShown) left -= char.length;
    at -= 1;
  }
  return chars.slice(at).join('');
}
