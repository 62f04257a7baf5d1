import type { WASocket } from '@whiskeysockets/baileys';
import type { OutgoingMessage } from '../bot/ports.ts';
import { isAppError } from '../errors.ts';
import { Acks, notConnected, notSent } from './acks.ts';
import { chatKind } from './address.ts';
import { isConnectionLoss } from './close-reason.ts';
import { additionalNodes, buildMessage } from './outgoing.ts';
import type { SentMessages } from './sent.ts';
import { underEither } from './waits.ts';

/** Sends on one connection. `over` aborts with it. */
export class Sender {
  readonly acks = new Acks();
  readonly #socket: WASocket;
  readonly #sent: SentMessages;
  readonly #isOpen: () => boolean;
  readonly #over: AbortSignal;

  constructor(socket: WASocket, sent: SentMessages, isOpen: () => boolean, over: AbortSignal) {
    this.#socket = socket;
    this.#sent = sent;
    this.#isOpen = isOpen;
    this.#over = over;
  }

  /**
   * Resolves once WhatsApp has acknowledged it. Rejects with `SEND_REFUSED`, `SEND_TIMEOUT`, `NOT_CONNECTED` or
   * `STORAGE_FAILED`.
   */
  async send(message: OutgoingMessage, signal: AbortSignal): Promise<void> {
    const socket = this.#socket;
    const account = socket.user?.id;
    if (!this.#isOpen() || !account) throw notConnected();
    const built = await underEither([signal, this.#over], (either) =>
      buildMessage(message, { id: account, upload: socket.waUploadToServer, signal: either }),
    );
    await this.#sent.remember(message.id, built);
    const acknowledged = this.acks.expect(message.id, signal);
    acknowledged.catch(() => {});
    try {
      await this.#expectDevices(message.chat);
      await socket.relayMessage(message.chat, built, {
        messageId: message.id,
        additionalNodes: additionalNodes(message.content),
      });
    } catch (error) {
      if (isAppError(error)) throw error;
      throw isConnectionLoss(error) || !this.#isOpen() ? notConnected(error) : notSent(error);
    }
    await acknowledged;
  }

  /**
   * A look-up that got no answer leaves the library with nobody to encrypt for: it would send a stanza that only
   * our own phone can read, and WhatsApp would acknowledge it.
   */
  async #expectDevices(chat: string): Promise<void> {
    if (chatKind(chat) !== 'direct') return;
    const devices = await this.#socket.getUSyncDevices([chat], true, false);
    if (devices.length === 0) throw new Error('WhatsApp did not say which devices this person has');
  }
}
