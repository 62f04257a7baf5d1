import { harmless, type Look, paint, type Style, textColumns, widthOf, wrap } from './demo-window.ts';

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

/** The storyteller's own words. */
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

/** What must not be overlooked. */
export function alarm(text: string, look: Look): string[] {
  const lines = wrap(harmless(text), textColumns(look) - 6);
  return lines.map((line) => `  ${paint(look, 'red', `${paint(look, 'alarm', '!!!')} ${line}`)}`);
}

/** A promise, kept or not. */
export function promised(text: string, isKept: boolean, look: Look): string[] {
  const mark = isKept ? paint(look, 'green', '✓') : paint(look, 'red', '✗ NOT KEPT:');
  const room = textColumns(look) - (isKept ? 4 : 16);
  return wrap(text, room).map((line, index) => (index === 0 ? `  ${mark} ${line}` : `    ${line}`));
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
