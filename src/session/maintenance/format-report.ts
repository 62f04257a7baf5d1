import { cutText, plainText } from '../../core/plain-text.ts';

/** `2026-01-31 17:05:00 UTC`. */
export function formatTime(atMs: number): string {
  if (!Number.isFinite(atMs) || atMs <= 0 || atMs > 8.64e15) return 'an unknown time';
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `1 file`, `2 files`. */
export const count = (amount: number, what: string): string => `${amount} ${what}${amount === 1 ? '' : 's'}`;

/** A name from a file on one line, without control characters, and not longer than a line. */
export const oneLine = (text: string): string => cutText(plainText(text).replace(/[\n\t]+/g, ' '), 200);
