import { isAppError } from '../core/errors.ts';
import { renderPairingCode } from './pairing-code.ts';
import { type Footer, type Life, lifeLine, qrFooter } from './qr-footer.ts';
import { qrPngPath, writeQrPng } from './qr-png.ts';
import { renderQr } from './qr-terminal.ts';
import { countLines, type PairingOutput, type ScreenSize, TerminalBlock } from './terminal-block.ts';

export interface QrEvent {
  readonly qr: string;
  /** From when on WhatsApp refuses it. */
  readonly expiresAtMs: number;
  /** Which one of this connection it is, from 0. */
  readonly index: number;
}

export interface CodeEvent {
  readonly code: string;
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
  /** The size of the terminal right now; undefined if there is none. */
  readonly size: () => ScreenSize | undefined;
  readonly now: () => number;
  /** The address that shows the QR in a browser, if there is one. Called each time, because the server may start later. */
  readonly pageUrl?: () => string | undefined;
}

/** A QR code can hold 2,953 bytes; those of WhatsApp have under 300. */
const MAX_QR_BYTES = 2_900;
const TICK_MS = 1_000;

/**
 * Shows QR codes and pairing codes to the person at the terminal. The codes themselves never go through the
 * log, and they are shown at every log level, because the bot cannot be linked without them.
 */
export class PairingDisplay {
  readonly #options: PairingDisplayOptions;
  #hasShownHints = false;
  #queue: Promise<void> = Promise.resolve();
  readonly #screen: TerminalBlock;
  #countdown: NodeJS.Timeout | undefined;

  constructor(options: PairingDisplayOptions) {
    const { output, isTerminal, isColorAllowed, size } = options;
    this.#options = options;
    this.#screen = new TerminalBlock(output, () => (isTerminal && isColorAllowed ? size() : undefined));
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

  /** Stops the countdown when nothing is to be scanned any more. The screen stays as it is. */
  rest(): void {
    clearInterval(this.#countdown);
  }

  async #showQr({ qr, expiresAtMs, index }: QrEvent): Promise<void> {
    const { log, isTerminal, isColorAllowed, now, pageUrl } = this.#options;
    const bytes = Buffer.byteLength(qr);
    if (bytes > MAX_QR_BYTES) {
      log.warn({ bytes }, 'could not show a QR code: WhatsApp sent one that is too long');
      return;
    }
    const pngPath = await this.#writePng(qr);
    // Erasing the last block erases its hints as well, so then they are printed again.
    const wantsHints = this.#screen.erase() || !this.#hasShownHints;
    this.#hasShownHints = true;
    log.info({}, 'QR Code received, scan with WhatsApp');
    log.info(pngPath === undefined ? {} : { png: pngPath }, '📱 Please scan the QR code to authenticate');
    const size = isTerminal ? this.#options.size() : undefined;
    const look = {
      columns: size?.columns,
      isColorful: isTerminal && isColorAllowed,
      pngPath,
    };
    const code = renderQr(qr, look);
    const life = { index, expiresAtMs, nowMs: now(), isTerminal };
    const parts = { life, hints: wantsHints ? { pngPath, page: pageUrl?.() } : undefined };
    const lowWindow = size && tooLow(size, `${code}${qrFooter(parts)}\n\n`);
    this.#screen.print(`\n${code}${qrFooter({ ...parts, lowWindow })}\n`);
    this.#countDown(life);
  }

  #countDown(life: Life): void {
    this.rest();
    this.#countdown = setInterval(() => {
      const nowMs = this.#options.now();
      const isShown = this.#screen.replaceLastLine(lifeLine({ ...life, nowMs }));
      if (!isShown || nowMs >= life.expiresAtMs) this.rest();
    }, TICK_MS).unref();
  }

  /** The path of the picture; undefined if it could not be written. The terminal shows the code in any case. */
  async #writePng(qr: string): Promise<string | undefined> {
    const { log, sessionPath } = this.#options;
    try {
      await writeQrPng(qr, sessionPath);
      return qrPngPath(sessionPath);
    } catch (error) {
      if (!isAppError(error, 'STORAGE_FAILED')) throw error;
      log.warn({ err: error }, 'could not write the QR code as a picture');
      return undefined;
    }
  }
}

/** Whether the window is too low for `text`, which has to be seen at once. */
function tooLow({ columns, rows }: ScreenSize, text: string): Footer['lowWindow'] {
  const needed = countLines(text, columns);
  return needed > rows ? { rows, needed } : undefined;
}
