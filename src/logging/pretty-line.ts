import { plainText } from '../core/plain-text.ts';

const PAINT: Readonly<Record<string, readonly [on: string, off: string]>> = {
  warn: ['\u001b[33m', '\u001b[39m'],
  error: ['\u001b[31m', '\u001b[39m'],
  fatal: ['\u001b[31m', '\u001b[39m'],
  debug: ['\u001b[2m', '\u001b[22m'],
  trace: ['\u001b[2m', '\u001b[22m'],
};

/** A name that a stranger chose must not move the cursor. Line feeds come from the program. */
const printable = (text: string): string => plainText(text).replaceAll('\t', ' ');

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  if (isRecord(value) && typeof value.message === 'string') return JSON.stringify(value.message);
  if (typeof value === 'string' && /^[^\s"=]+$/.test(value)) return value;
  return JSON.stringify(value);
}

function stackOf(value: unknown): string {
  return isRecord(value) && typeof value.stack === 'string' ? `\n${value.stack}` : '';
}

/**
 * One line of JSON as a person reads it: `[INFO] text`, then the facts, dimmed. In color the level and the text
 * stay one piece, so that a search for `[WARN] text` finds it. Stacks only from `error` on.
 */
export function prettyLine(json: string, isColorful: boolean): string {
  const { level, time: _, msg, ...facts } = JSON.parse(json) as Record<string, unknown>;
  const name = String(level);
  const isSerious = name === 'error' || name === 'fatal';
  const pairs = Object.entries(facts).map(([key, value]) => `${key}=${show(value)}`);
  const [on, off] = (isColorful ? PAINT[name] : undefined) ?? ['', ''];
  const [dim, bright] = isColorful ? ['\u001b[2m', '\u001b[22m'] : ['', ''];
  const said = printable(`[${name.toUpperCase()}] ${typeof msg === 'string' ? msg : ''}`);
  const known = pairs.length === 0 ? '' : printable(`  ${pairs.join(' ')}`);
  const stacks = isSerious ? printable(Object.values(facts).map(stackOf).join('')) : '';
  const after = known + stacks;
  return `${on}${said}${off}${after === '' ? '' : dim + after + bright}\n`;
}
