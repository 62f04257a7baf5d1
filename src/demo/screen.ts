import { clearScreenDown, cursorTo, type Interface, moveCursor } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { plainText } from '../core/plain-text.ts';

/** The window. What is printed while somebody types goes above the line that is being typed. */
export class Screen {
  readonly #output: NodeJS.WriteStream;
  readonly #isColorAllowed: boolean;
  #typing: Interface | undefined;

  constructor(output: NodeJS.WriteStream, isColorAllowed: boolean) {
    this.#output = output;
    this.#isColorAllowed = isColorAllowed;
  }

  get isTerminal(): boolean {
    return this.#output.isTTY === true;
  }

  /** As it is right now: windows change their size. */
  get look(): Look {
    return { columns: this.#output.columns ?? 80, isColorful: this.isTerminal && this.#isColorAllowed };
  }

  print(lines: readonly string[]): void {
    if (lines.length === 0) return;
    const text = `${lines.join('\n')}\n`;
    if (!this.#typing) {
      this.#output.write(text);
      return;
    }
    moveCursor(this.#output, 0, -this.#typing.getCursorPos().rows);
    cursorTo(this.#output, 0);
    clearScreenDown(this.#output);
    this.#output.write(text);
    this.#typing.prompt(true);
  }

  /** From here on there is a line to keep; undefined ends it. */
  keepLineOf(typing: Interface | undefined): void {
    this.#typing = this.isTerminal ? typing : undefined;
  }
}

/** What the window is like. */
export interface Look {
  readonly columns: number;
  readonly isColorful: boolean;
}

const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
  alarm: [7, 27],
} as const;

export type Style = keyof typeof STYLES;

/** Text is no wider than this, however wide the window is. */
const MAX_COLUMNS = 88;
const MIN_COLUMNS = 24;

export function paint(look: Look, style: Style, text: string): string {
  const [on, off] = STYLES[style];
  return look.isColorful && text !== '' ? `\u001b[${on}m${text}\u001b[${off}m` : text;
}

export function textColumns({ columns }: Look): number {
  return Math.max(MIN_COLUMNS, Math.min(columns, MAX_COLUMNS));
}

/** What a stranger (or a command) wrote must not move the cursor. */
export function harmless(text: string): string {
  const plain = stripVTControlCharacters(text).replace(/\t/g, ' ');
  return plainText(plain);
}

/** Columns that a text takes on a terminal, near enough: emoji and East Asian letters take two. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) {
    if (/\p{Mark}|\u200d|\ufe0f/u.test(char)) continue;
    const isWide =
      /\p{Emoji_Presentation}|\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Script=Katakana}/u;
    width += isWide.test(char) ? 2 : 1;
  }
  return width;
}

/** Lines of at most `width` columns, broken at spaces; a longer word is cut. Line feeds stay. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => wrapLine(line, Math.max(1, width)));
}

function wrapLine(line: string, width: number): string[] {
  const lines: string[] = [];
  let rest = line;
  while (widthOf(rest) > width) {
    const head = headOf(rest, width);
    // A space right after the cut is as good as one before it.
    const space = rest[head.length] === ' ' ? head.length : head.lastIndexOf(' ');
    const cut = space < 0 || head.slice(0, space).trim() === '' ? head.length : space;
    lines.push(rest.slice(0, cut).trimEnd());
    rest = rest.slice(cut).trimStart();
  }
  return [...lines, rest];
}

function headOf(text: string, width: number): string {
  let head = '';
  for (const char of text) {
    if (head !== '' && widthOf(head + char) > width) break;
    head += char;
  }
  return head;
}

const NAME_STYLES: Readonly<Record<string, Style>> = {
  bot: 'green',
  Anna: 'cyan',
  Ben: 'magenta',
  Owner: 'yellow',
  Family: 'blue',
};

function name(look: Look, who: string): string {
  return paint(look, 'bold', paint(look, NAME_STYLES[who] ?? 'bold', who));
}

/** A title between parts of the story. */
export function title(text: string, look: Look): string[] {
  return ['', ...wrap(text, textColumns(look)).map((line) => paint(look, 'bold', line)), ''];
}

/** A sentence of the story itself. */
export function told(text: string, look: Look): string[] {
  return wrap(text, textColumns(look) - 2).map((line) => (line === '' ? '' : `  ${line}`));
}

export function aside(text: string, look: Look): string[] {
  return wrap(text, textColumns(look) - 2).map((line) => `  ${paint(look, 'dim', line)}`);
}

/** Text that has less room than this beside the names goes below them. */
const TIGHT_COLUMNS = 20;
const TIGHT_INDENT = 4;

/** `Anna → bot: !ping`, with a note at the end if there is one: `(41 ms)`. */
export function said(from: string, to: string, text: string, note: string, look: Look): string[] {
  const label = `${name(look, from)} → ${name(look, to)}:`;
  const labelWidth = from.length + to.length + ' → : '.length;
  const columns = textColumns(look) - 2;
  const words = harmless(text);
  const whole = note === '' ? words : `${words}  ${note}`;
  const isShort = !words.includes('\n') && labelWidth + widthOf(whole) <= columns;
  const isTight = !isShort && columns - labelWidth < TIGHT_COLUMNS;
  const indent = isTight ? TIGHT_INDENT : labelWidth;
  const lines = withNote(wrap(words, columns - indent), note, columns - indent, look);
  if (isTight) return [`  ${label}`, ...lines.map((line) => `  ${' '.repeat(indent)}${line}`)];
  return lines.map((line, index) => `  ${index === 0 ? `${label} ` : ' '.repeat(indent)}${line}`);
}

function withNote(lines: readonly string[], note: string, room: number, look: Look): string[] {
  if (note === '') return [...lines];
  const last = lines.at(-1) ?? '';
  if (widthOf(last) + 2 + note.length <= room) {
    return [...lines.slice(0, -1), `${last}  ${paint(look, 'dim', note)}`];
  }
  return [...lines, ...wrap(note, room).map((line) => paint(look, 'dim', line))];
}

/** A line of the bot's own log. */
export function logged(line: string, look: Look): string[] {
  const [first = '', ...rest] = wrap(harmless(line), textColumns(look) - 4);
  const isBad = /^\[(?:ERROR|FATAL)\]/.test(line);
  const style = isBad ? 'red' : /^\[WARN\]/.test(line) ? 'yellow' : 'dim';
  const bar = paint(look, 'dim', '│');
  return [first, ...rest].map((text) => `  ${bar} ${paint(look, style, text)}`);
}

/** A line that must be noticed. */
export function alarm(text: string, look: Look): string[] {
  const lines = wrap(harmless(text), textColumns(look) - 6);
  return lines.map((line) => `  ${paint(look, 'red', `${paint(look, 'alarm', '!!!')} ${line}`)}`);
}

/** How long something took: `41 ms`, `1.3 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A table of two columns; in a narrow window the meaning goes below. */
export function helpLines(rows: ReadonlyArray<readonly [string, string]>, look: Look): string[] {
  const left = Math.max(...rows.map(([order]) => order.length)) + 2;
  const room = textColumns(look) - 2 - left;
  return rows.flatMap(([order, meaning]) => {
    if (room < 30) {
      return [
        `  ${paint(look, 'bold', order)}`,
        ...wrap(meaning, textColumns(look) - 6).map((line) => `      ${line}`),
      ];
    }
    return wrap(meaning, room).map((line, index) => {
      const shown = index === 0 ? order.padEnd(left) : ' '.repeat(left);
      return `  ${paint(look, 'bold', shown)}${line}`;
    });
  });
}
