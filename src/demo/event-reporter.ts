import type { DemoSetup, News } from './demo-setup.ts';
import {
  alarm,
  aside,
  duration,
  type Look,
  logged,
  paint,
  type Screen,
  said,
  textColumns,
  told,
  wrap,
} from './screen.ts';

/** The lines that report it. */
export function newsLines(news: News, look: Look): string[] {
  switch (news.kind) {
    case 'log':
      return logged(withoutFacts(news.line), look);
    case 'qr':
      return [
        '',
        ...qrLines(news.code, look),
        ...aside('(A code of the simulator: your own phone would refuse it.)', look),
        '',
      ];
    case 'wrote':
      return wroteLines(news, look);
    case 'unreadable':
      return alarm(`${news.who}'s phone cannot read this: "Waiting for this message."`, look);
    case 'started':
      return told(`The bot starts: process ${news.pid}.`, look);
    case 'opened':
      return told(openedText(news.how, news.afterMs), look);
    case 'ended':
      return endedLines(news, look);
    case 'told':
      return told(news.text, look);
    case 'problem':
      return alarm(news.text, look);
    default:
      return news satisfies never;
  }
}

/** Exit codes 0 and 77 get a sentence with the next step. Every other end also gets the last lines of the log. */
function endedLines({ code, signal, lastLines }: Extract<News, { kind: 'ended' }>, look: Look): string[] {
  const meaning = `The bot ${exitMeaning(code, signal)}.`;
  if (code === 77) return told(`${meaning} /rm and /restart link it again.`, look);
  if (code === 0) return told(`${meaning} /restart starts it again.`, look);
  return [...alarm(`${meaning} Its last lines:`, look), ...lastLines.flatMap((line) => logged(line, look))];
}

function openedText(how: 'linked' | 'back' | 'reconnected', afterMs: number): string {
  switch (how) {
    case 'linked':
      return 'The phone has scanned it. The bot is linked and connected.';
    case 'back':
      return `No QR code: it is still linked. Connected ${duration(afterMs)} after its start.`;
    case 'reconnected':
      return 'The bot is connected again.';
    default:
      return how satisfies never;
  }
}

function wroteLines(news: Extract<News, { kind: 'wrote' }>, look: Look): string[] {
  const { to, text, arrival, attempt } = news;
  if (arrival.kind === 'known') return [];
  if (arrival.kind === 'answer' && arrival.question.isQuiet) return [];
  const retries = attempt > 1 ? [`readable at try ${attempt}`] : [];
  const time = arrival.kind === 'message' ? [] : [duration(arrival.afterMs)];
  const notes = [...time, ...retries];
  const lines = said('bot', to, text, notes.length === 0 ? '' : `(${notes.join(', ')})`, look);
  if (arrival.kind !== 'double') return lines;
  return [...lines, ...alarm(`A second answer to the same ${arrival.question.text}`, look)];
}

/** White on black whatever the theme is: 231 and 16 of the 256 colors are fixed. */
const LIGHT_ON_DARK = '\u001b[38;5;231;48;5;16m';
const PLAIN = '\u001b[0m';

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

/** Shows what happens by itself as it comes: answers, the bot's important lines, its end. */
export class Reporter {
  /** Whether every line of the bot's log is shown. */
  isFollowing = false;
  readonly #screen: Screen;
  /** Lines that were shown since the last start or connection: a flapping network says the same again and again. */
  readonly #shown = new Set<string>();

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  listenTo(setup: DemoSetup): void {
    setup.on('news', (news) => {
      if (this.#isWorthIt(news)) this.#screen.print(newsLines(news, this.#screen.look));
    });
  }

  #isWorthIt(news: News): boolean {
    if (news.kind === 'opened' || news.kind === 'started') this.#shown.clear();
    if (news.kind !== 'log' || this.isFollowing) return true;
    const text = withoutFacts(news.line);
    if (!isNoteworthy(text) || this.#shown.has(text)) return false;
    if (!isAboutCommand(text)) this.#shown.add(text);
    return true;
  }
}

const NOTEWORTHY = [
  /^\[(?:WARN|ERROR|FATAL)\]/,
  /Linked to |Back as |Status page: |Reconnecting in /,
  /a (?:command|listener|middleware) was (?:loaded again|removed)/,
];

/** Whether a line of the log is part of what a visitor wants to see. */
export function isNoteworthy(line: string): boolean {
  return NOTEWORTHY.some((pattern) => pattern.test(line));
}

/**
 * Whether a line is about a command, a listener or a middleware. Such lines are shown each time, because its author
 * waits for them.
 */
function isAboutCommand(line: string): boolean {
  return /^\[[A-Z]+\] a (?:command|listener|middleware) /.test(line);
}

/** A line without the facts at its end; those about a command stay, because they name the file and the error. */
export function withoutFacts(line: string): string {
  if (!isAboutCommand(line)) return line.replace(/ {2}[a-zA-Z]+=.*$/, '');
  // The bot runs in a folder of its own; the reader looks from the project's.
  return line.replace(/file=\S*\/(?=src\/(?:commands|listeners)\/)/, 'file=');
}

/** What an exit code of the bot means. */
export function exitMeaning(code: number | null, signal: string | null): string {
  if (signal !== null) return `was ended by ${signal}`;
  switch (code) {
    case 0:
      return 'stopped (exit code 0)';
    case 75:
      return 'stopped: the session is in use elsewhere (exit code 75)';
    case 77:
      return 'stopped: it was logged out (exit code 77, so that no supervisor starts it again)';
    case 78:
      return 'stopped: a setting or the session folder cannot be used (exit code 78)';
    default:
      return `crashed (exit code ${code})`;
  }
}
