import { clearScreenDown, cursorTo, type Interface, moveCursor } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { plainText } from '../core/text.ts';

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

/** White on black whatever the theme is: 231 and 16 of the 256 colors are fixed. */
const LIGHT_ON_DARK = '\u001b[38;5;231;48;5;16m';
const PLAIN = '\u001b[0m';
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

/** The code as the bot printed it, readable by a camera on any theme; a sentence if the window is too narrow. */
export function qrLines(code: readonly string[], look: Look): string[] {
  const width = code[0]?.length ?? 0;
  if (width > look.columns) {
    const text = `(The code needs ${width} columns; this window has ${look.columns}.)`;
    return wrap(text, textColumns(look) - 2).map((line) => `  ${paint(look, 'dim', line)}`);
  }
  const indent = width + 2 <= look.columns ? '  ' : '';
  return code.map((line) => indent + (look.isColorful ? LIGHT_ON_DARK + line + PLAIN : line));
}
