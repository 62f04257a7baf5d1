import { closest, distance } from 'fastest-levenshtein';

/** With more wrong letters than this it counts as another word. */
const MOST_WRONG_LETTERS = 2;

/**
 * The word that was probably meant, or undefined if none is near: at most two letters differ, or only
 * their order; the case, `_` and `-` do not count.
 */
export function nearestWord(written: string, words: readonly string[]): string | undefined {
  const bare = (word: string): string => word.toLowerCase().replace(/[-_\s]/g, '');
  const wanted = bare(written);
  const same = words.find((word) => bare(word) === wanted);
  if (same !== undefined || words.length === 0) return same;
  const letters = (word: string): string => [...bare(word)].sort().join('');
  const swapped = words.find((word) => letters(word) === letters(written));
  if (swapped !== undefined) return swapped;
  const near = closest(wanted, words.map(bare));
  const allowed = Math.min(MOST_WRONG_LETTERS, Math.floor(wanted.length / 3));
  return distance(wanted, near) <= allowed ? words.find((word) => bare(word) === near) : undefined;
}
