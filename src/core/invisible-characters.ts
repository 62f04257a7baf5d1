/** What Unicode says is not shown: marks that keyboards insert for direction, joining, byte order and emoji style. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;
const ALL_INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;
/**
 * The invisible characters without a meaning in a word. Emoji need joiners (U+200D), styles (U+FE0F) and tags, and some
 * scripts need non-joiners (U+200C). These stay, except for a style after a letter or after a digit that is no key cap.
 */
const MARKS =
  /[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]|(?<=[\p{L}\p{N}])[\ufe0e\ufe0f](?!\u20e3)/gu;
const VISIBLE = /[^\s\p{Default_Ignorable_Code_Point}]/u;

/** Whether a person sees anything of a text. */
export const isVisible = (text: string): boolean => VISIBLE.test(text);

/** A text without invisible characters, to be compared or read as a number. It breaks emoji. */
export const withoutInvisible = (text: string): string => text.replace(ALL_INVISIBLE, '');

/** A word without the invisible characters that have no meaning in it. Its emoji stay whole. */
export const withoutMarks = (word: string): string => word.replace(MARKS, '');

/** The first place from `at` on whose character is visible and not one of those to skip. */
export function skipInvisible(text: string, at: number, isSkipped: (char: string) => boolean): number {
  let next = at;
  while (next < text.length) {
    const char = String.fromCodePoint(text.codePointAt(next) ?? 0);
    if (!INVISIBLE.test(char) && !isSkipped(char)) break;
    next += char.length;
  }
  return next;
}
