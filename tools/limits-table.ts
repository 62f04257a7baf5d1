/** The table of limits in docs/operating.md: made from `LIMITS`, so that it is never out of date. */
import { LIMITS, type Limit } from '../src/core/limits/limits.ts';
import { between } from './between.ts';

const BEGIN = '<!-- Made by `npm run docs` from src/core/limits/limits.ts. Change it there. -->';
const END = '<!-- End of the limits. -->';

/** `markdown` with the table between its two marks. Throws if a mark is missing. */
export function withLimits(markdown: string): string {
  const rows = Object.entries<Limit>(LIMITS).map(
    ([name, { what, atLimit, ...limit }]) => `| \`${name}\` | ${what} | ${amountOf(limit)} | ${atLimit} |`,
  );
  const table = ['| limit | what | how much at most | at the limit |', '|---|---|---|---|', ...rows].join(
    '\n',
  );
  return between(markdown, BEGIN, END, table);
}

function amountOf({ count, bytes, bytesEach, timeMs }: Partial<Limit>): string {
  const parts = [
    count === undefined ? undefined : count.toLocaleString('en'),
    bytes === undefined ? undefined : `${formatBytes(bytes)} in all`,
    bytesEach === undefined ? undefined : `${formatBytes(bytesEach)} each`,
    timeMs === undefined ? undefined : formatTime(timeMs),
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

function formatBytes(bytes: number): string {
  if (bytes >= 1024 ** 2) return `${round(bytes / 1024 ** 2)} MiB`;
  return bytes >= 1024 ? `${round(bytes / 1024)} KiB` : `${bytes} bytes`;
}

const UNITS = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
] as const;

function formatTime(ms: number): string {
  for (const [unitMs, name] of UNITS) {
    if (ms >= unitMs) return `${round(ms / unitMs)} ${name}${ms === unitMs ? '' : 's'}`;
  }
  return `${ms} ms`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
