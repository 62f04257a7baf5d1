const UNITS = [
  { ms: 604_800_000, name: 'week', words: /^(?:w|wks?|weeks?)$/ },
  { ms: 86_400_000, name: 'day', words: /^(?:d|days?)$/ },
  { ms: 3_600_000, name: 'hour', words: /^(?:h|hrs?|hours?)$/ },
  { ms: 60_000, name: 'minute', words: /^(?:m|mins?|minutes?)$/ },
  { ms: 1_000, name: 'second', words: /^(?:s|secs?|seconds?)$/ },
] as const;

/** One number and its unit at the place where the last match ended: `20m`, `1.5 hours`, `, and 30 s`. */
const PART = /(?:(?:\s*,)?(?:\s*and\b)?\s*)(\d{1,7}(?:\.\d{1,3})?)\s*(\p{L}{1,7})(?![\p{L}\p{N}])/iuy;
/** `20m30s`: a unit may touch the next number. */
const TOUCHING_PART = /(\d{1,7}(?:\.\d{1,3})?)([wdhms])(?=\d)/iy;

/**
 * The duration that `text` begins with (`20m`, `1h30m`, `2 days and 4 hours`), in milliseconds, and the
 * rest of the text. `undefined` if the text begins with no duration.
 */
export function readDuration(text: string): { readonly ms: number; readonly rest: string } | undefined {
  let ms = 0;
  let end = 0;
  for (;;) {
    const part = matchAt(TOUCHING_PART, text, end) ?? matchAt(PART, text, end);
    const unit = UNITS.find(({ words }) => words.test(part?.[2]?.toLowerCase() ?? ''));
    if (part === undefined || unit === undefined) break;
    ms += Number(part[1]) * unit.ms;
    end += part[0].length;
  }
  return end === 0 || /^\D/.test(text)
    ? undefined
    : { ms: Math.round(ms), rest: text.slice(end).trimStart() };
}

/** A duration in words, in its two largest units: `1 hour 30 minutes`. Less than a second is `0 seconds`. */
export function formatDuration(ms: number): string {
  const parts: string[] = [];
  let left = Math.max(0, ms);
  for (const unit of UNITS) {
    const count = Math.floor(left / unit.ms);
    left -= count * unit.ms;
    if (count > 0) parts.push(`${count} ${unit.name}${count === 1 ? '' : 's'}`);
    if (parts.length === 2 || (parts.length === 1 && count === 0)) break;
  }
  return parts.length === 0 ? '0 seconds' : parts.join(' ');
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}
