import type { EventEmitter } from 'node:events';
import type { PairingDisplay, PairingDisplayOptions } from '../pairing/pairing-display.ts';
import type { ClientEvents } from '../whatsapp/client-events.ts';
import type { ClientState } from '../whatsapp/client-state.ts';

export interface PairingScreenParts extends Omit<PairingDisplayOptions, 'pageUrl'> {
  readonly client: EventEmitter<ClientEvents>;
  /** The address of the status page, once it listens; undefined if there is none. */
  readonly pageUrl: Promise<string | undefined>;
}

/**
 * Shows what a person needs for the pairing while the client waits for one. A bot that is linked never draws a QR
 * code, so the packages for it are loaded when the first one is to be shown.
 */
export class PairingScreen {
  readonly #parts: PairingScreenParts;
  #display: Promise<PairingDisplay> | undefined;
  #showing: Promise<void> = Promise.resolve();

  constructor(parts: PairingScreenParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#parts.client.on('changed', (state) => {
      this.#showing = this.#showing
        .then(() => this.#follow(state))
        .catch((error: unknown) => {
          this.#parts.log.warn({ err: error }, 'could not show the pairing');
        });
    });
  }

  /** Resolves when no code is drawn any more. */
  stop(): Promise<void> {
    return this.#showing;
  }

  async #follow(state: ClientState): Promise<void> {
    if (state.kind !== 'pairing') return void (await this.#display)?.stopCountdown();
    this.#display ??= this.#load();
    const display = await this.#display;
    const { code, qr, expiresAtMs, index } = state;
    if (code !== undefined) display.showCode({ code, expiresAtMs });
    if (qr !== undefined) await display.showQr({ qr, expiresAtMs, index });
  }

  async #load(): Promise<PairingDisplay> {
    const { PairingDisplay } = await import('../pairing/pairing-display.ts');
    // Its address is shown with the code.
    const url = await this.#parts.pageUrl;
    return new PairingDisplay({ ...this.#parts, pageUrl: () => url });
  }
}
