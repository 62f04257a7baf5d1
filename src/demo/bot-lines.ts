import { QR_HEADING } from '../pairing/qr-terminal.ts';

export type BotOutput =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'qr'; readonly code: readonly string[] };

/** Tells log lines and QR codes apart in what the bot prints. Drops the hints under a code. */
export class BotLines {
  #code: string[] | undefined;
  #isInHints = false;

  /** The output that this line completes. Undefined if it completes none. */
  read(line: string): BotOutput | undefined {
    if (line.includes(QR_HEADING)) {
      this.#code = [];
      return undefined;
    }
    if (this.#code !== undefined) {
      if (/^[█▀▄ ]+$/.test(line)) {
        this.#code.push(line);
        return undefined;
      }
      const code = this.#code;
      this.#code = undefined;
      this.#isInHints = line !== '';
      return { kind: 'qr', code };
    }
    if (this.#isInHints) {
      this.#isInHints = line !== '';
      return undefined;
    }
    return line === '' ? undefined : { kind: 'line', text: line };
  }
}

const NOTEWORTHY = [
  /^\[(?:WARN|ERROR|FATAL)\]/,
  /Linked to |Back as |Status page: |Reconnecting in /,
  /a command was (?:loaded again|removed)/,
];

/** Whether a line of the log is part of what a visitor wants to see. */
export function isNoteworthy(line: string): boolean {
  return NOTEWORTHY.some((pattern) => pattern.test(line));
}

/**
 * Whether a line is about a command. Such lines are shown each time, because the author of the command waits for them.
 */
export function isAboutCommand(line: string): boolean {
  return /^\[[A-Z]+\] a command /.test(line);
}

/** A line without the facts at its end; those about a command stay, because they name the file and the error. */
export function withoutFacts(line: string): string {
  if (!isAboutCommand(line)) return line.replace(/ {2}[a-zA-Z]+=.*$/, '');
  // The bot runs in a folder of its own; the reader looks from the project's.
  return line.replace(/file=\S*\/(?=src\/commands\/)/, 'file=');
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
      return 'stopped: it was logged out (exit code 77, so no supervisor starts it in vain)';
    case 78:
      return 'stopped: a setting or the session folder cannot be used (exit code 78)';
    default:
      return `crashed (exit code ${code})`;
  }
}
