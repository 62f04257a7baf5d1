import { EventEmitter } from 'node:events';
import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import type { Clock } from '../../core/clock.ts';
import { forgetHalfPairing } from '../../session/identity/credentials-json.ts';
import type { Connection } from '../connection/connection.ts';
import { intercept } from '../connection/library-socket.ts';
import { plainAck } from '../connection/plain-ack.ts';
import { UnknownStanzas } from '../connection/unknown-stanzas.ts';
import { needsHint, type PairingHistory, recordFruitless, recordRefused } from './code-attempts.ts';
import { newAdvSecret } from './pairing-secret.ts';
import {
  CODES_HINT,
  type CodeEnd,
  codeEndSentence,
  PASSKEY_HINT,
  refusalSentence,
} from './pairing-sentences.ts';
import { isKnownStanza, readPairingStanza } from './pairing-stanza.ts';
import { CODE_ANSWER_WITHIN_MS, codeExpiresAtMs, LINK_WITHIN_MS, qrExpiresAtMs } from './pairing-times.ts';
import { requestCode } from './request-pairing-code.ts';
import { type OfferedCode, type OfferedQr, type Pairing, shownPairing } from './shown-pairing.ts';

export interface PairingParts {
  /** Digits of a phone number: pair with a code instead of a QR. */
  readonly pairingNumber: string | undefined;
  readonly log: Pick<Logger, 'info' | 'warn' | 'debug'>;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * What a connection of a session that is not linked shows to a person: one QR code after another, or a pairing code.
 * The QR code stays as the other way when WhatsApp refuses a code, and between two codes. WhatsApp gives six texts for
 * QR codes: the first lives a minute, the others 20 s.
 */
export class PairingRound extends EventEmitter<{ shown: [pairing: Pairing] }> {
  readonly #connection: Connection;
  readonly #parts: PairingParts;
  readonly #history: PairingHistory;
  readonly #unknown: UnknownStanzas;
  /** Whether this connection began as that of a linked session: everything on it is the library's. */
  readonly #wasLinked: boolean;
  #qr: OfferedQr | undefined;
  #code: (OfferedCode & { readonly ref: Buffer }) | undefined;
  #firstQrAtMs = 0;
  #hint: string | undefined;
  #isAsking = false;
  /** Whether a pairing code will probably come within seconds. Until then no QR code is drawn. */
  #isCodeExpected = false;
  #isEntered = false;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(connection: Connection, parts: PairingParts, history: PairingHistory) {
    super();
    this.#connection = connection;
    this.#parts = parts;
    this.#history = history;
    this.#unknown = new UnknownStanzas(parts.log);
    this.#wasLinked = this.#isLinked;
  }

  /** Shows what the connection offers from here on, until the connection ends. */
  start(): void {
    const connection = this.#connection;
    connection.on('qr', (text) => this.#offered(text));
    intercept(connection.socket, 'notification', (node) => this.#received(node));
    const look = (node: BinaryNode): void => {
      if (this.#isLinked) connection.off('stanza', look);
      else this.#look(node);
    };
    connection.on('stanza', look);
    void connection.closed.then(() => this.#end());
  }

  get #isLinked(): boolean {
    return Boolean(this.#connection.socket.authState.creds.account);
  }

  #offered(text: string): void {
    const { clock } = this.#parts;
    // The library goes on offering QR codes until the restart that follows a link.
    if (this.#isLinked) return;
    const index = (this.#qr?.index ?? -1) + 1;
    if (index === 0) this.#firstQrAtMs = clock.now();
    this.#qr = { text, index, expiresAtMs: qrExpiresAtMs(index, clock.now()) };
    const isCodeDue =
      this.#parts.pairingNumber !== undefined && clock.now() >= this.#history.attempts.nextAtMs;
    if (isCodeDue && !this.#code) void this.#askForCode();
    else this.#draw();
  }

  #draw(): void {
    if (this.#isCodeExpected || this.#isLinked || !this.#qr) return;
    const { advSecretKey } = this.#connection.socket.authState.creds;
    this.emit('shown', shownPairing(this.#qr, this.#code, advSecretKey, this.#hint));
  }

  async #askForCode(): Promise<void> {
    const { pairingNumber = '', log, clock } = this.#parts;
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#isCodeExpected = true;
    const late = setTimeout(() => this.#codeIsLate(), CODE_ANSWER_WITHIN_MS).unref();
    const askedAtMs = clock.now();
    try {
      const answer = await requestCode(this.#connection.socket, pairingNumber);
      if (this.#isOver || this.#isLinked) return;
      if (answer.kind === 'accepted') {
        const expiresAtMs = codeExpiresAtMs(askedAtMs, this.#firstQrAtMs);
        this.#code = { text: answer.code, ref: answer.ref, expiresAtMs };
        if (this.#hint !== PASSKEY_HINT) this.#hint = undefined;
        this.#timer = setTimeout(() => this.#codeEnded('expired'), expiresAtMs - clock.now()).unref();
      } else {
        this.#forgetCode();
        const status = answer.kind === 'refused' ? answer.status : undefined;
        this.#history.attempts = recordRefused(this.#history.attempts, clock.now());
        const waitMs = this.#history.attempts.nextAtMs - clock.now();
        this.#hint = refusalSentence(status, waitMs);
        log.warn({ status, waitMs }, this.#hint);
      }
    } catch (error) {
      // The connection has closed; the next one asks again.
      log.debug({ err: error }, 'could not ask for a pairing code');
      return;
    } finally {
      clearTimeout(late);
      this.#isAsking = false;
      this.#isCodeExpected = false;
    }
    this.#draw();
  }

  #codeIsLate(): void {
    this.#isCodeExpected = false;
    this.#draw();
  }

  #look(node: BinaryNode): void {
    const isError = node.tag === 'iq' && node.attrs.type === 'error';
    if (this.#isEntered && isError) this.#codeEnded('refused');
    else if (!isKnownStanza(node)) this.#unknown.say(node);
  }

  /** Whether this stanza is dealt with here, so that the library must not see it. */
  #received(node: BinaryNode): boolean {
    const { log } = this.#parts;
    if (this.#wasLinked) return false;
    const stanza = readPairingStanza(node, this.#code?.ref);
    switch (stanza.kind) {
      case 'code-entered':
        this.#entered();
        return false;
      case 'secret-retired':
        this.#renewSecret(node);
        return true;
      case 'code-failed':
        this.#acknowledge(node);
        this.#codeEnded('incomplete', stanza.missing);
        return true;
      case 'code-expired':
        this.#acknowledge(node);
        this.#codeEnded('replaced');
        return true;
      case 'passkey-asked':
        this.#acknowledge(node);
        log.warn(PASSKEY_HINT);
        this.#hint = PASSKEY_HINT;
        this.#draw();
        this.#codeEnded('passkey');
        return true;
      case 'empty':
        this.#acknowledge(node);
        return true;
      case 'unknown':
        this.#unknown.say(node);
        this.#acknowledge(node);
        return true;
    }
  }

  /** Stored first, then acknowledged, then drawn: a secret that a phone scans must survive a kill. */
  #renewSecret(node: BinaryNode): void {
    const { socket } = this.#connection;
    const { creds } = socket.authState;
    // If a pairing code was entered, its secret proves the link, so it stays. A finished link needs no secret.
    if (!this.#isEntered && !this.#isLinked) {
      creds.advSecretKey = newAdvSecret();
      socket.ev.emit('creds.update', { advSecretKey: creds.advSecretKey });
      this.#parts.log.info('WhatsApp asked for a new QR code. Scan the new one.');
    }
    this.#acknowledge(node);
    this.#draw();
  }

  #entered(): void {
    this.#isEntered = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#codeEnded('unfinished'), LINK_WITHIN_MS).unref();
  }

  /**
   * A code that ended without a link: says so, and offers another one, or the QR code until the next may be asked for.
   */
  #codeEnded(reason: CodeEnd, missing?: string): void {
    const { log, clock } = this.#parts;
    if (!this.#code) return;
    clearTimeout(this.#timer);
    this.#code = undefined;
    this.#isEntered = false;
    this.#forgetCode();
    this.#history.attempts = recordFruitless(this.#history.attempts, clock.now());
    log.info({ reason, missing }, codeEndSentence(reason, missing));
    if (needsHint(this.#history.attempts)) {
      log.warn(CODES_HINT);
      this.#hint = CODES_HINT;
    }
    if (clock.now() < this.#history.attempts.nextAtMs) this.#draw();
    else void this.#askForCode();
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    const { log, clock } = this.#parts;
    if (this.#code && !this.#isLinked) {
      this.#history.attempts = recordFruitless(this.#history.attempts, clock.now());
      if (needsHint(this.#history.attempts)) log.warn(CODES_HINT);
    }
    this.#code = undefined;
  }

  /** Removes a pairing code from the credentials: because of its number the next connection would be a login. */
  #forgetCode(): void {
    forgetHalfPairing(this.#connection.socket.authState.creds);
  }

  /** Answers a notification. The library's own answer fails before the link, because it reads the account's address. */
  #acknowledge(node: BinaryNode): void {
    // If the connection closes, WhatsApp sends the notification again.
    this.#connection.socket.sendNode(plainAck(node)).catch(() => {});
  }
}
