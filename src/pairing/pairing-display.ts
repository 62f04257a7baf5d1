import type { Clock } from '../core/clock.ts';
import { isAppError } from '../core/errors.ts';
import { renderPairingCode } from './pairing-code.ts';
import { type LowWindow, lowWindowSentence, type OtherWays, qrFooter } from './qr-footer.ts';
import { qrPngPath, writeQrPng } from './qr-png.ts';
import { isDrawn, renderQr } from './qr-terminal.ts';
import { countLines, type PairingOutput, type ScreenSize, TerminalBlock } from './terminal-block.ts';
import { type CodeValidity, validityLine } from './validity-line.ts';

export interface QrEvent {
  readonly qr: string;
  /** From when on WhatsApp refuses it. */
  readonly expiresAtMs: number;
  /** Which one of this connection it is, from 0. */
  readonly index: number;
}

export interface CodeEvent {
  readonly code: string;
  /** From when on WhatsApp refuses it. */
  readonly expiresAtMs: number;
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
  /** Whether the terminal shows escape codes as text (`TERM=dumb`). Default false. */
  readonly isDumb?: boolean;
  /** The size of the terminal right now; undefined if there is none. */
  readonly size: () => ScreenSize | undefined;
  readonly clock: Pick<Clock, 'now'>;
  /**
   * The address that shows the QR in a browser, if there is one. Called each time, because the server may start later.
   */
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
  readonly #block: TerminalBlock;
  #hasShownHints = false;
  #queue: Promise<void> = Promise.resolve();
  #shown: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PairingDisplayOptions) {
    const { output, isTerminal, isColorAllowed, size } = options;
    this.#options = options;
    this.#block = new TerminalBlock(output, () => (isTerminal && isColorAllowed ? size() : undefined));
  }

  /**
   * Resolves when the picture is written and the block is printed, one code after another. Rejects for bugs only. A
   * code that is shown already is not shown again.
   */
  showQr(event: QrEvent): Promise<void> {
    const shown = this.#queue.then(() => this.#showQr(event));
    this.#queue = shown.catch(() => {});
    return shown;
  }

  /** A code that is shown already is not shown again. */
  showCode({ code, expiresAtMs }: CodeEvent): void {
    if (!this.#isNew(`code ${code} ${expiresAtMs}`)) return;
    const { log, clock, isTerminal } = this.#options;
    this.#block.erase();
    log.info({}, 'Pairing code received, enter it in WhatsApp');
    const validity = { index: undefined, expiresAtMs, nowMs: clock.now(), isTerminal };
    this.#block.print(`\n${renderPairingCode(code, validityLine(validity))}\n`);
    this.#everySecond(validity, undefined);
  }

  /** Stops the countdown when there is no code to scan any more. The screen stays as it is. */
  stopCountdown(): void {
    this.#shown = undefined;
    this.#stopTimer();
  }

  async #showQr(event: QrEvent): Promise<void> {
    const { qr, index, expiresAtMs } = event;
    if (!this.#isNew(`qr ${index} ${expiresAtMs} ${qr}`)) return;
    const { log } = this.#options;
    const bytes = Buffer.byteLength(qr);
    if (bytes > MAX_QR_BYTES) {
      log.warn({ bytes }, 'could not show a QR code: WhatsApp sent one that is too long');
      return;
    }
    this.#draw(event, await this.#writePng(qr));
  }

  #draw(event: QrEvent, pngPath: string | undefined): void {
    const { log, clock, isTerminal } = this.#options;
    // Erasing the last block erases its hints as well, so then they are printed again.
    const hasHints = this.#block.erase() || !this.#hasShownHints;
    this.#hasShownHints = true;
    log.info({}, 'QR Code received, scan with WhatsApp');
    log.info(pngPath === undefined ? {} : { png: pngPath }, '📱 Please scan the QR code to authenticate');
    const validity = { index: event.index, expiresAtMs: event.expiresAtMs, nowMs: clock.now(), isTerminal };
    const ways = { pngPath, page: this.#options.pageUrl?.() };
    const drawing = this.#drawing(event.qr, { validity, ways, hasHints });
    this.#block.print(drawing.block);
    const redraw = drawing.isWhole ? undefined : this.#onceItFits(event, { validity, ways, hasHints });
    this.#everySecond(validity, redraw);
  }

  /** The block for a QR code in the window as it is now. */
  #drawing(qr: string, { validity, ways, hasHints }: DrawingParts): { block: string; isWhole: boolean } {
    const { isTerminal, isColorAllowed, isDumb = false } = this.#options;
    const size = isTerminal ? this.#options.size() : undefined;
    // NO_COLOR turns decoration off. Black and white are the code itself: without them it is inverted on a light ground.
    const isColorful = isTerminal && (isColorAllowed || !isDumb);
    const text = renderQr(qr, { columns: size?.columns, isColorful, pngPath: ways.pngPath });
    const hints = hasHints ? ways : undefined;
    const lowWindow = size && tooLow(size, `${text}${qrFooter({ validity, hints })}\n\n`);
    if (!lowWindow)
      return {
        block: `\n${text}${qrFooter({ validity, hints })}\n`,
        isWhole: size === undefined || isDrawn(text),
      };
    const before = lowWindowSentence(lowWindow, ways);
    const footer = qrFooter({ validity, hints, lowWindow: before });
    return { block: `\n${before}\n\n${text}${footer}\n`, isWhole: false };
  }

  /** Draws the code again as soon as the window is large enough for all of it. */
  #onceItFits(event: QrEvent, parts: DrawingParts): () => boolean {
    let last = this.#options.size();
    return () => {
      const size = this.#options.size();
      if (size?.columns === last?.columns && size?.rows === last?.rows) return false;
      last = size;
      if (!this.#drawing(event.qr, parts).isWhole) return false;
      this.#draw(event, parts.ways.pngPath);
      return true;
    };
  }

  /**
   * Counts down to the end of the code; `redraw` returns whether it has drawn the code again, with its own countdown.
   */
  #everySecond(validity: CodeValidity, redraw: (() => boolean) | undefined): void {
    this.#stopTimer();
    this.#timer = setInterval(() => {
      if (redraw?.()) return;
      const nowMs = this.#options.clock.now();
      const isCounting = this.#block.replaceLastLine(validityLine({ ...validity, nowMs }));
      if (nowMs >= validity.expiresAtMs || (!isCounting && redraw === undefined)) this.#stopTimer();
    }, TICK_MS).unref();
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
  }

  #isNew(shown: string): boolean {
    if (shown === this.#shown) return false;
    this.#shown = shown;
    return true;
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

interface DrawingParts {
  readonly validity: CodeValidity;
  readonly ways: OtherWays;
  /** Whether the other ways to pair are printed under the code. */
  readonly hasHints: boolean;
}

/** Whether the window is too low for `text`, which has to be seen at once. */
function tooLow({ columns, rows }: ScreenSize, text: string): LowWindow | undefined {
  const needed = countLines(text, columns);
  return needed > rows ? { rows, needed } : undefined;
}
