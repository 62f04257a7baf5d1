import { stripVTControlCharacters } from 'node:util';
import { isAppError } from '../errors.ts';
import { renderPairingCode } from './code.ts';
import { qrPngPath, writeQrPng } from './png.ts';
import { renderQr } from './terminal.ts';

export interface QrEvent {
  readonly qr: string;
  /** When WhatsApp will no longer take it. */
  readonly expiresAtMs: number;
  /** Which one of this connection it is, from 0. */
  readonly index: number;
}

export interface CodeEvent {
  readonly code: string;
}

/** Where the blocks go; the log's own sink, so that lines and blocks keep their order. */
export interface PairingOutput {
  write(text: string): unknown;
  /** How often it was written to, where it counts that: a block can only be replaced while it is the last thing. */
  readonly writes?: number;
}

interface PairingLog {
  info(facts: object, line: string): void;
  warn(facts: object, line: string): void;
}

export interface PairingDisplayOptions {
  readonly log: PairingLog;
  readonly output: PairingOutput;
  readonly sessionPath: string;
  readonly isTerminal: boolean;
  readonly isColorAllowed: boolean;
  /** The size of the terminal right now; undefined where there is none. */
  readonly size: () => { readonly columns: number; readonly rows: number } | undefined;
  readonly now: () => number;
  /** Where the QR can be seen in a browser, if anywhere. Asked each time: the server may start later. */
  readonly pageUrl?: () => string | undefined;
}

/** What a QR code can hold is 2,953 bytes; WhatsApp's have under 300. */
const MAX_QR_BYTES = 2_900;

/**
 * Shows QR codes and pairing codes to the person at the terminal. The codes themselves never go through the
 * log, and they are shown at every log level, because without them nothing goes on.
 */
export class PairingDisplay {
  readonly #options: PairingDisplayOptions;
  #hasShownHints = false;
  #queue: Promise<void> = Promise.resolve();
  #last: { readonly lines: number; readonly columns: number; readonly writes: number } | undefined;

  constructor(options: PairingDisplayOptions) {
    this.#options = options;
  }

  /** Resolves when the picture is written and the block is printed. One after another; rejects for bugs only. */
  showQr(event: QrEvent): Promise<void> {
    const shown = this.#queue.then(() => this.#showQr(event));
    this.#queue = shown.catch(() => {});
    return shown;
  }

  showCode({ code }: CodeEvent): void {
    const { log, output } = this.#options;
    log.info({}, 'Pairing code received, enter it in WhatsApp');
    output.write(`\n${renderPairingCode(code)}\n`);
  }

  async #showQr({ qr, expiresAtMs, index }: QrEvent): Promise<void> {
    const { log, output, isTerminal, isColorAllowed } = this.#options;
    const bytes = Buffer.byteLength(qr);
    if (bytes > MAX_QR_BYTES) {
      log.warn({ bytes }, 'WhatsApp sent a QR code that is too long to show');
      return;
    }
    const pngPath = await this.#writePng(qr);
    // What is erased with the last block is said again, and else only once.
    const wantsHints = this.#eraseLast() || !this.#hasShownHints;
    this.#hasShownHints = true;
    log.info({}, 'QR Code received, scan with WhatsApp');
    log.info(pngPath === undefined ? {} : { png: pngPath }, '📱 Please scan the QR code to authenticate');
    const size = isTerminal ? this.#options.size() : undefined;
    const look = {
      columns: size?.columns,
      isColorful: isTerminal && isColorAllowed,
      pngPath,
    };
    const block = `\n${renderQr(qr, look)}${this.#footer(index, expiresAtMs, wantsHints, pngPath)}\n`;
    output.write(block);
    if (size !== undefined && output.writes !== undefined) {
      this.#last = { lines: countLines(block, size.columns), columns: size.columns, writes: output.writes };
    }
  }

  /** The path of the picture. A picture that cannot be written is no reason not to show the code. */
  async #writePng(qr: string): Promise<string | undefined> {
    const { log, sessionPath } = this.#options;
    try {
      await writeQrPng(qr, sessionPath);
      return qrPngPath(sessionPath);
    } catch (error) {
      if (!isAppError(error, 'STORAGE_FAILED')) throw error;
      log.warn({ err: error }, 'the QR code could not be written as a picture');
      return undefined;
    }
  }

  #footer(index: number, expiresAtMs: number, wantsHints: boolean, pngPath: string | undefined): string {
    const seconds = Math.max(0, Math.round((expiresAtMs - this.#options.now()) / 1000));
    const lines = [`Code ${index + 1}, good for ${seconds} seconds; then comes the next one.`];
    if (wantsHints) {
      lines.unshift('On the phone: WhatsApp → Settings → Linked devices → Link a device.');
      const page = this.#options.pageUrl?.();
      if (pngPath !== undefined) lines.push(`As a picture: ${pngPath}`);
      if (page !== undefined) lines.push(`In a browser: ${page}`);
      lines.push('Without a camera: set PAIRING_NUMBER to the phone number, and pair with a code.');
    }
    return `${lines.join('\n')}\n`;
  }

  /** Takes the block before this one off the screen, if nothing came after it and all of it is still there. */
  #eraseLast(): boolean {
    const { output, isTerminal, isColorAllowed } = this.#options;
    const last = this.#last;
    const size = this.#options.size();
    this.#last = undefined;
    if (last === undefined || size === undefined || !isTerminal || !isColorAllowed) return false;
    const isUntouched = output.writes === last.writes && size.columns === last.columns;
    if (!isUntouched || size.rows <= last.lines) return false;
    output.write(`\u001b[${last.lines}A\u001b[0J`);
    return true;
  }
}

/** The lines that a text takes on a terminal, long ones folded. */
function countLines(text: string, columns: number): number {
  const lines = stripVTControlCharacters(text).split('\n').slice(0, -1);
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil([...line].length / columns)), 0);
}
