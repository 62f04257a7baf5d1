import { messageOf } from '../../core/errors.ts';
import type { ClientActivity } from '../client-state.ts';
import type { Connection } from './connection.ts';

type Pairing = Extract<ClientActivity, { kind: 'pairing' }>;

const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;

/**
 * What a connection of a session that is not linked shows to a person: one QR code after another, or one pairing code
 * if `pairingNumber` (digits) is set. WhatsApp gives six texts for QR codes: the first lives a minute, the others 20 s.
 */
export class PairingRound {
  readonly #connection: Connection;
  readonly #pairingNumber: string | undefined;
  readonly #now: () => number;
  readonly #show: (pairing: Pairing) => void;
  #index = -1;

  constructor(
    connection: Connection,
    pairingNumber: string | undefined,
    now: () => number,
    show: (pairing: Pairing) => void,
  ) {
    this.#connection = connection;
    this.#pairingNumber = pairingNumber;
    this.#now = now;
    this.#show = show;
    connection.on('qr', (text) => this.#offered(text));
  }

  #offered(qr: string): void {
    this.#index += 1;
    const index = this.#index;
    if (this.#pairingNumber === undefined) {
      const expiresAtMs = this.#now() + (index === 0 ? FIRST_QR_MS : NEXT_QR_MS);
      this.#show({ kind: 'pairing', qr, code: undefined, expiresAtMs, index });
    } else if (index === 0) {
      void this.#requestCode(this.#pairingNumber);
    }
  }

  async #requestCode(pairingNumber: string): Promise<void> {
    try {
      const code = await this.#connection.socket.requestPairingCode(pairingNumber);
      this.#show({ kind: 'pairing', qr: undefined, code, expiresAtMs: undefined, index: 0 });
    } catch (error) {
      const message = `no pairing code: ${messageOf(error)}`;
      this.#connection.fail({ kind: 'network', statusCode: undefined, message });
    }
  }
}
