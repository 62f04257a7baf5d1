import type { WASocket } from '@whiskeysockets/baileys';
import { isAppError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import type { OutgoingMessage } from '../../core/messages/outgoing-message.ts';
import { underEither } from '../abortable.ts';
import { chatKind } from '../address.ts';
import type { CloseReason } from '../connection/close-reason.ts';
import { AckError, Acknowledgements } from './acknowledgements.ts';
import type { AnswerLog } from './answer-log.ts';
import { type Answer, answerIn } from './answer-verdicts.ts';
import { additionalAttributes, additionalNodes, buildMessage } from './build-message.ts';
import { checkReceivers } from './check-receivers.ts';
import { type CloseSuspects, isStreamError, mayBeCausedBySend } from './close-suspects.ts';
import type { GroupCache } from './group-cache.ts';
import type { RecipientAddresses } from './recipient-address.ts';
import { notConnected, notSent, timedOut } from './send-errors.ts';
import type { SentMessages } from './sent-messages.ts';
import { countSilent, isMute } from './unacknowledged-sends.ts';
import { UploadError } from './upload-media.ts';

/** What outlives a connection. */
export interface SenderParts {
  readonly sent: SentMessages;
  readonly groups: GroupCache;
  readonly answers: AnswerLog;
  readonly suspects: CloseSuspects;
  readonly addresses: RecipientAddresses;
}

/** Sends messages on one connection. `over` aborts when the connection ends. */
export class Sender {
  readonly acks = new Acknowledgements();
  readonly #socket: WASocket;
  readonly #parts: SenderParts;
  readonly #isOpen: () => boolean;
  readonly #over: AbortSignal;
  readonly #onMute: () => void;
  /** To which chat and when each message left that is not acknowledged yet. */
  readonly #onTheirWay = new Map<string, { readonly chat: string; readonly leftAtMs: number }>();
  #silent = 0;
  #hasAnswers = false;

  constructor(
    socket: WASocket,
    parts: SenderParts,
    isOpen: () => boolean,
    over: AbortSignal,
    onMute: () => void,
  ) {
    this.#socket = socket;
    this.#parts = parts;
    this.#isOpen = isOpen;
    this.#over = over;
    this.#onMute = onMute;
  }

  /**
   * Resolves once WhatsApp has acknowledged it. Rejects with `SEND_REFUSED` if WhatsApp refuses it for good, with
   * `SEND_TIMEOUT` or `NOT_CONNECTED` if it should be sent again, with `STORAGE_FAILED`.
   */
  async send(given: OutgoingMessage, signal: AbortSignal): Promise<void> {
    const { sent, suspects, answers, addresses } = this.#parts;
    const closes = sent.closesOf(given.id);
    if (closes >= LIMITS['sends:closes'].count)
      throw answers.errorFor('message', given.id, { kind: 'closed-each-time' });
    if (!this.#isOpen()) throw notConnected();
    const message = { ...given, chat: await addresses.lookUp(given.chat, given.quote?.chat, this.#socket) };
    const chat = addresses.resolve(message.chat, message.quote?.chat);
    if (suspects.rests(chat)) throw answers.errorFor('message', message.id, { kind: 'chat-closes' });
    if (closes === 0 && !suspects.isSuspect(chat)) return this.#send(message, signal);
    const leave = await suspects.enter();
    try {
      // The suspect that was sent before may have closed the connection.
      if (!this.#isOpen()) throw notConnected();
      await this.#send(message, signal);
    } finally {
      leave();
    }
  }

  async #send(message: OutgoingMessage, signal: AbortSignal): Promise<void> {
    const account = this.#socket.user?.id;
    if (!account) throw notConnected();
    try {
      await this.#relay(message, account, signal);
    } catch (error) {
      if (!(error instanceof AckError)) throw this.#errorFor(message, error);
      const answer = await this.#prepareForRetry(error.code, message);
      throw this.#parts.answers.errorFor('message', message.id, answer, error);
    } finally {
      this.#onTheirWay.delete(message.id);
    }
  }

  async #relay(message: OutgoingMessage, account: string, signal: AbortSignal): Promise<void> {
    const socket = this.#socket;
    const { sent, addresses } = this.#parts;
    const chat = addresses.resolve(message.chat, message.quote?.chat);
    const built = await underEither([signal, this.#over], (either) =>
      buildMessage(
        { ...message, chat },
        { id: account, lid: socket.user?.lid, upload: socket.waUploadToServer, signal: either },
      ),
    );
    // If the time of this try is up, the next try may be under way already: this one must not touch its state.
    if (signal.aborted) throw timedOut();
    sent.keepSecret(message.id, built);
    await sent.remember(message.id, built);
    const acknowledged = this.acks.expect(message.id, signal);
    acknowledged.catch(() => {});
    await checkReceivers(chat, socket, this.#parts);
    if (signal.aborted) throw timedOut();
    await socket.relayMessage(chat, built, {
      messageId: message.id,
      additionalNodes: additionalNodes(message.content),
      additionalAttributes: additionalAttributes(message.content),
    });
    this.#onTheirWay.set(message.id, { chat, leftAtMs: performance.now() });
    await this.#awaitAck(acknowledged, signal);
    this.#parts.suspects.noteAnswer(chat);
  }

  /**
   * Prepares what a second try needs, and returns WhatsApp's answer. 463: the privacy token or the LID of the person is
   * missing; the library requests the token when it sees the ack, and a look-up of the devices by phone number brings
   * the LID. 400: the account may not use LIDs yet. 421: what is known of the group is out of date.
   */
  async #prepareForRetry(code: number, { chat, quote }: OutgoingMessage): Promise<Answer> {
    const { addresses, groups } = this.#parts;
    if (code === 421) groups.forget(chat);
    if (code === 400 && addresses.resolve(chat, quote?.chat) !== chat) {
      addresses.noteRefused(chat, 'lid');
      return { kind: 'lid-refused' };
    }
    if (code === 463) {
      addresses.noteRefused(chat, 'number');
      if (chatKind(chat) === 'direct' && addresses.lidOf(chat) === undefined)
        await this.#socket.getUSyncDevices([chat], false, false).catch(() => {});
    }
    return { kind: 'error', code };
  }

  #errorFor(message: OutgoingMessage, error: unknown): Error {
    if (isAppError(error) && error.code !== 'NOT_CONNECTED') return error;
    // On an open connection a failure counts as a try: otherwise it would be repeated at once and without end.
    if (!this.#isOpen()) return notConnected(error);
    if (isAppError(error)) return notSent(error);
    const { answers } = this.#parts;
    if (error instanceof UploadError)
      return answers.errorFor('upload', message.id, { kind: 'error', code: error.status }, error);
    return answers.errorFor('message', message.id, answerIn(error), error);
  }

  /** Waits for the ack and counts sends without one: only a message that has left and got no ack in time counts. */
  async #awaitAck(acknowledged: Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await acknowledged;
      this.#silent = countSilent(this.#silent, 'answered');
      this.#hasAnswers = true;
    } catch (error) {
      const isTimedOut = isAppError(error, 'SEND_TIMEOUT') && isAppError(signal.reason, 'SEND_TIMEOUT');
      const isAnswered = error instanceof AckError;
      this.#silent = countSilent(
        this.#silent,
        isTimedOut ? 'unanswered' : isAnswered ? 'answered' : 'given-up',
      );
      if (isMute(this.#silent)) this.#onMute();
      throw error;
    }
  }

  /**
   * The connection has closed: rejects what waits for an ack, and counts the close for messages that may have caused
   * it. Returns the reason, which is `closed-by-send` if a stream error may be such a message's.
   */
  closed(reason: CloseReason): CloseReason {
    const { sent, suspects } = this.#parts;
    const nowMs = performance.now();
    const chats = new Set<string>();
    for (const [id, { chat, leftAtMs }] of this.#onTheirWay) {
      if (!mayBeCausedBySend(reason, nowMs - leftAtMs)) continue;
      chats.add(chat);
      // If the count cannot be stored, the message is only suspected later.
      sent.noteClose(id).catch(() => {});
    }
    this.acks.abandon();
    if (reason.kind !== 'network' || !isStreamError(reason) || chats.size === 0) return reason;
    for (const chat of chats) suspects.noteClose(chat);
    return { ...reason, kind: 'closed-by-send', hasWorked: this.#hasAnswers };
  }
}
