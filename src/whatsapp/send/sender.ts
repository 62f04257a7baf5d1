import type { WASocket } from '@whiskeysockets/baileys';
import { isAppError } from '../../core/errors.ts';
import type { OutgoingMessage } from '../../core/messages.ts';
import { underEither } from '../../core/waits.ts';
import { chatKind } from '../address.ts';
import { countSilent, isMute } from '../connection/unacknowledged-sends.ts';
import { Acks, notConnected, notSent, timedOut } from './acknowledgements.ts';
import { additionalNodes, buildMessage } from './build-message.ts';
import type { GroupCache } from './group-cache.ts';
import type { SentMessages } from './sent-messages.ts';

/** Sends messages on one connection. `over` aborts when the connection ends. */
export class Sender {
  readonly acks = new Acks();
  readonly #socket: WASocket;
  readonly #sent: SentMessages;
  readonly #isOpen: () => boolean;
  readonly #over: AbortSignal;
  readonly #groups: GroupCache;
  readonly #onMute: () => void;
  #silent = 0;

  constructor(
    socket: WASocket,
    parts: { readonly sent: SentMessages; readonly groups: GroupCache },
    isOpen: () => boolean,
    over: AbortSignal,
    onMute: () => void,
  ) {
    this.#socket = socket;
    this.#sent = parts.sent;
    this.#groups = parts.groups;
    this.#isOpen = isOpen;
    this.#over = over;
    this.#onMute = onMute;
  }

  /**
   * Resolves once WhatsApp has acknowledged it. Rejects with `SEND_REFUSED`, `SEND_TIMEOUT`, `NOT_CONNECTED` or
   * `STORAGE_FAILED`.
   */
  async send(message: OutgoingMessage, signal: AbortSignal): Promise<void> {
    const socket = this.#socket;
    const account = socket.user?.id;
    if (!this.#isOpen() || !account) throw notConnected();
    try {
      const built = await underEither([signal, this.#over], (either) =>
        buildMessage(message, { id: account, upload: socket.waUploadToServer, signal: either }),
      );
      // If the time of this try is up, the next try may be under way already: this one must not touch its state.
      if (signal.aborted) throw timedOut();
      await this.#sent.remember(message.id, built);
      const acknowledged = this.acks.expect(message.id, signal);
      acknowledged.catch(() => {});
      await this.#expectReceivers(message.chat);
      if (signal.aborted) throw timedOut();
      await socket.relayMessage(message.chat, built, {
        messageId: message.id,
        additionalNodes: additionalNodes(message.content),
      });
      await this.#awaitAck(acknowledged, signal);
    } catch (error) {
      if (isAppError(error) && error.code !== 'NOT_CONNECTED') throw error;
      // On an open connection a failure counts as a try: otherwise it would be repeated at once and without end.
      throw this.#isOpen() ? notSent(error) : notConnected(error);
    }
  }

  /** Waits for the ack and counts sends without one: only a message that has left and got no ack in time counts. */
  async #awaitAck(acknowledged: Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await acknowledged;
      this.#silent = countSilent(this.#silent, 'answered');
    } catch (error) {
      const isTimedOut = isAppError(error, 'SEND_TIMEOUT') && isAppError(signal.reason, 'SEND_TIMEOUT');
      const isRefused = isAppError(error, 'SEND_REFUSED');
      this.#silent = countSilent(
        this.#silent,
        isTimedOut ? 'unanswered' : isRefused ? 'answered' : 'given-up',
      );
      if (isMute(this.#silent)) this.#onMute();
      throw error;
    }
  }

  /**
   * If a device query gets no answer, the library encrypts for nobody but our own phone, and WhatsApp acknowledges
   * the stanza all the same. So the receivers are looked up here first. The members of a group are queried here
   * because the library would query them inside a key transaction, which blocks the key queue.
   */
  async #expectReceivers(chat: string): Promise<void> {
    const kind = chatKind(chat);
    if (kind === 'group') await this.#groups.metadata(chat, this.#socket);
    if (kind !== 'direct') return;
    const devices = await this.#socket.getUSyncDevices([chat], true, false);
    if (devices.length === 0) throw new Error('WhatsApp did not say which devices this person has');
  }
}
