import { isAppError } from '../core/errors.ts';
import { renderPairingCode } from './pairing-code.ts';
import { type Footer, type Life, lifeLine, qrFooter } from './qr-footer.ts';
import { qrPngPath, writeQrPng } from './qr-png.ts';
import { renderQr } from './qr-terminal.ts';
import { countLines, type PairingOutput, Screen, type ScreenSize } from './terminal-block.ts';

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
  readonly size: () => ScreenSize | undefined;
  readonly now: () => number;
  /** Where the QR can be seen in a browser, if anywhere. Asked each time: the server may start later. */
  readonly pageUrl?: () => string | undefined;
}

/** What a QR code can hold is 2,953 bytes; WhatsApp's have under 300. */
const MAX_QR_BYTES = 2_900;
const TICK_MS = 1_000;

/**
 * Shows QR codes and pairing codes to the person at the terminal. The codes themselves never go through the
 * log, and they are shown at every log level, because without them nothing goes on.
 */
export class PairingDisplay {
  readonly #options: PairingDisplayOptions;
  #hasShownHints = false;
  #queue: Promise<void> = Promise.resolve();
  readonly #screen: Screen;
  #countdown: NodeJS.Timeout | undefined;

  constructor(options: PairingDisplayOptions) {
    const { output, isTerminal, isColorAllowed, size } = options;
    this.#options = options;
    this.#screen = new Screen(output, () => (isTerminal && isColorAllowed ? size() : undefined));
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

  /** Nothing is to be scanned any more: what stands on the screen stays. */
  rest(): void {
    clearInterval(this.#countdown);
  }

  async #showQr({ qr, expiresAtMs, index }: QrEvent): Promise<void> {
    const { log, isTerminal, isColorAllowed, now, pageUrl } = this.#options;
    const bytes = Buffer.byteLength(qr);
    if (bytes > MAX_QR_BYTES) {
      log.warn({ bytes }, 'WhatsApp sent a QR code that is too long to show');
      return;
    }
    const pngPath = await this.#writePng(qr);
    // What is erased with the last block is said again, and else only once.
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
}

/** Whether the code's upper edge would be out of sight: `text` is what has to be seen at once. */
function tooLow({ columns, rows }: ScreenSize, text: string): Footer['lowWindow'] {
  const needed = countLines(text, columns);
  return needed > rows ? { rows, needed } : undefined;
}
