import { once } from 'node:events';
import { waitForQr } from '../pairing/qr-camera.ts';
import type { Companion } from '../server/companion-device.ts';
import type { SimulatedWhatsApp } from '../server/simulated-whatsapp.ts';
import { before, DeadlineError } from './deadline-error.ts';

/**
 * Where the QR code comes from: its text, a promise of it, or a function that is given `show` and calls it with each
 * QR text that the bot shows.
 */
export type QrSource = string | Promise<string> | ((show: (qr: string) => void) => unknown);

export interface PairOptions {
  /** Milliseconds. Default four times the deadline of `startWhatsApp`. */
  within?: number;
}

/** The bot as WhatsApp sees it. */
export class TestBot {
  readonly #wa: SimulatedWhatsApp;
  readonly #deadlineMs: number;
  #pairingError: unknown;

  constructor(wa: SimulatedWhatsApp, deadlineMs: number) {
    this.#wa = wa;
    this.#deadlineMs = deadlineMs;
  }

  /** The linked device with its counters and acknowledgements. Undefined before `pair`. */
  get device(): Companion | undefined {
    return this.#wa.devices[0];
  }

  get isLinked(): boolean {
    return this.device !== undefined;
  }

  /** Logged in, and ready for messages. */
  get isOnline(): boolean {
    return this.device?.isActive ?? false;
  }

  /**
   * Scans the QR codes of the bot until one links it. Resolves when the bot is online, which needs a second connection:
   * WhatsApp closes the first one with 515. Rejects with a `DeadlineError` that names the last failed scan.
   */
  pair(source: QrSource, options: PairOptions = {}): Promise<void> {
    const deadlineMs = options.within ?? 4 * this.#deadlineMs;
    return before(
      deadlineMs,
      async (signal) => {
        await this.#scanFrom(source, signal);
        await this.#whenOnline(signal);
      },
      () => this.#late('to be linked', deadlineMs),
    );
  }

  /** As `pair`, with a PNG file that the bot writes its QR code to. The file may come later. */
  pairFromPng(path: string, options: PairOptions = {}): Promise<void> {
    const controller = new AbortController();
    const text = waitForQr(path, controller.signal);
    text.catch(() => undefined);
    return this.pair(text, options).finally(() => controller.abort());
  }

  /** As `pair`, with a pairing code that the bot shows. */
  pairByCode(code: string | Promise<string>, options: PairOptions = {}): Promise<void> {
    const deadlineMs = options.within ?? 4 * this.#deadlineMs;
    return before(
      deadlineMs,
      async (signal) => {
        await this.#wa.phone.enterCode(await code);
        await this.#whenOnline(signal);
      },
      () => this.#late('to be linked by a code', deadlineMs),
    );
  }

  /** Resolves when the bot is logged in and ready for messages: at once if it is. */
  online(options: PairOptions = {}): Promise<void> {
    const deadlineMs = options.within ?? this.#deadlineMs;
    return before(
      deadlineMs,
      (signal) => this.#whenOnline(signal),
      () => this.#late('to be online', deadlineMs),
    );
  }

  /** Resolves when the bot has no connection: at once if it has none. */
  offline(options: PairOptions = {}): Promise<void> {
    const deadlineMs = options.within ?? this.#deadlineMs;
    return before(
      deadlineMs,
      async (signal) => {
        while (this.device?.connection) await once(this.#wa.events, 'closed', { signal });
      },
      () => this.#late('to be offline', deadlineMs),
    );
  }

  async #scanFrom(source: QrSource, signal: AbortSignal): Promise<void> {
    if (typeof source !== 'function') {
      await this.#wa.phone.scan(await source);
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const show = (qr: string): void => {
        if (signal.aborted || this.isLinked) return;
        this.#wa.phone.scan(qr).then(
          () => resolve(),
          (error: unknown) => {
            this.#pairingError = error;
          },
        );
      };
      // A bot that does not start ends the wait.
      Promise.resolve(source(show)).catch(reject);
    });
  }

  async #whenOnline(signal: AbortSignal): Promise<void> {
    while (!this.isOnline) await once(this.#wa.events, 'activated', { signal });
  }

  #late(what: string, deadlineMs: number): DeadlineError {
    const { connections, logins, refusedLogins } = this.#wa.counters;
    const scan = this.#pairingError instanceof Error ? `, last scan: ${this.#pairingError.message}` : '';
    const instead = `connections: ${connections}, logins: ${logins}, refused logins: ${refusedLogins}${scan}`;
    return new DeadlineError('The bot', what, deadlineMs, instead);
  }
}
