import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { forgetHalfPairing } from '../../session/identity/credentials-json.ts';
import type { ClientActivity } from '../client-state.ts';
import { newAdvSecret, withAdvSecret } from './adv-secret.ts';
import {
  type CodeAttempts,
  NO_ATTEMPTS,
  needsHint,
  recordFruitless,
  recordRefused,
} from './code-attempts.ts';
import type { Connection } from './connection.ts';
import { intercept } from './library-socket.ts';
import { CODES_HINT, PASSKEY_HINT, refusalSentence } from './pairing-sentences.ts';
import { isKnownStanza, readPairingStanza } from './pairing-stanza.ts';
import { plainAck } from './plain-ack.ts';
import { requestCode } from './request-code.ts';

type Pairing = Extract<ClientActivity, { kind: 'pairing' }>;

const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;
/** From the first QR code on, the connection lasts for six of them: a code does not outlive it. */
const ROUND_MS = FIRST_QR_MS + 5 * NEXT_QR_MS;
/** WhatsApp takes a code for so long after it was asked for. */
const CODE_MS = 180_000;
/** So long after the code was entered on the phone, the link must be there. */
const LINK_WITHIN_MS = 60_000;

/** So many unknown stanzas of one connection are logged. */
const MOST_UNKNOWN_SAID = 20;

export interface PairingParts {
  /** Digits of a phone number: pair with a code instead of a QR. */
  readonly pairingNumber: string | undefined;
  readonly log: Pick<Logger, 'info' | 'warn' | 'debug'>;
  readonly now: () => number;
}

/** What pairings have in common over connections: how the codes before went. */
export class PairingHistory {
  attempts: CodeAttempts = NO_ATTEMPTS;
}

/**
 * What a connection of a session that is not linked shows to a person: one QR code after another, or a pairing code. The
 * QR code stays as the other way when WhatsApp refuses a code, and between two codes. WhatsApp gives six texts for QR
 * codes: the first lives a minute, the others 20 s.
 */
export class PairingRound {
  readonly #connection: Connection;
  readonly #parts: PairingParts;
  readonly #history: PairingHistory;
  readonly #show: (pairing: Pairing) => void;
  #qr: { readonly text: string; readonly index: number; readonly expiresAtMs: number } | undefined;
  #code: { readonly text: string; readonly ref: Buffer; readonly expiresAtMs: number } | undefined;
  #firstQrAtMs = 0;
  #notice: string | undefined;
  #isAsking = false;
  #isEntered = false;
  #isOver = false;
  #unknownSaid = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    connection: Connection,
    parts: PairingParts,
    history: PairingHistory,
    show: (pairing: Pairing) => void,
  ) {
    this.#connection = connection;
    this.#parts = parts;
    this.#history = history;
    this.#show = show;
    connection.on('qr', (text) => this.#offered(text));
    intercept(connection.socket, 'notification', (node) => this.#received(node));
    const { creds } = connection.socket.authState;
    const look = (node: BinaryNode): void => {
      if (creds.account) connection.off('stanza', look);
      else if (!isKnownStanza(node)) this.#sayUnknown(node);
    };
    connection.on('stanza', look);
    void connection.closed.then(() => this.#end());
  }

  #offered(text: string): void {
    const { now } = this.#parts;
    const index = (this.#qr?.index ?? -1) + 1;
    if (index === 0) this.#firstQrAtMs = now();
    this.#qr = { text, index, expiresAtMs: now() + (index === 0 ? FIRST_QR_MS : NEXT_QR_MS) };
    const isCodeDue = this.#parts.pairingNumber !== undefined && now() >= this.#history.attempts.nextAtMs;
    if (isCodeDue && !this.#code) void this.#askForCode();
    else this.#draw();
  }

  /** The library writes the secret of the beginning into every QR text; the one that counts is in the credentials. */
  #draw(): void {
    if (this.#isAsking || !this.#qr) return;
    const { index } = this.#qr;
    const shown = { kind: 'pairing', index, notice: this.#notice } as const;
    if (this.#code) {
      const { text: code, expiresAtMs } = this.#code;
      this.#show({ ...shown, qr: undefined, code, expiresAtMs });
    } else {
      const qr = withAdvSecret(this.#qr.text, this.#connection.socket.authState.creds.advSecretKey);
      this.#show({ ...shown, qr, code: undefined, expiresAtMs: this.#qr.expiresAtMs });
    }
  }

  async #askForCode(): Promise<void> {
    const { pairingNumber = '', log, now } = this.#parts;
    if (this.#isAsking) return;
    this.#isAsking = true;
    const askedAtMs = now();
    try {
      const answer = await requestCode(this.#connection.socket, pairingNumber);
      if (this.#isOver) return;
      if (answer.kind === 'accepted') {
        const expiresAtMs = Math.min(askedAtMs + CODE_MS, this.#firstQrAtMs + ROUND_MS);
        this.#code = { text: answer.code, ref: answer.ref, expiresAtMs };
        this.#notice = undefined;
        this.#timer = setTimeout(() => this.#codeEnded('its time is up'), expiresAtMs - now()).unref();
      } else {
        this.#forgetCode();
        const status = answer.kind === 'refused' ? answer.status : undefined;
        this.#history.attempts = recordRefused(this.#history.attempts, now());
        const waitMs = this.#history.attempts.nextAtMs - now();
        this.#notice = refusalSentence(status, waitMs);
        log.warn({ status, waitMs }, this.#notice);
      }
    } catch (error) {
      // The connection has closed; the next one asks again.
      log.debug({ err: error }, 'could not ask for a pairing code');
      return;
    } finally {
      this.#isAsking = false;
    }
    this.#draw();
  }

  /** Whether this stanza is dealt with here, so that the library must not see it. */
  #received(node: BinaryNode): boolean {
    const { log } = this.#parts;
    if (!this.#qr) return false;
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
        this.#codeEnded(`the answer of the phone lacks ${stanza.missing}`);
        return true;
      case 'code-expired':
        this.#acknowledge(node);
        this.#codeEnded('WhatsApp asks for another one');
        return true;
      case 'passkey-asked':
        this.#acknowledge(node);
        log.warn(PASSKEY_HINT);
        this.#notice = PASSKEY_HINT;
        this.#draw();
        return true;
      case 'empty':
        this.#acknowledge(node);
        return true;
      case 'unknown':
        this.#sayUnknown(node);
        this.#acknowledge(node);
        return true;
    }
  }

  #sayUnknown({ tag, attrs: { type } }: BinaryNode): void {
    if (this.#unknownSaid >= MOST_UNKNOWN_SAID) return;
    this.#unknownSaid += 1;
    const facts = { tag: tag.slice(0, 100), type: type?.slice(0, 100) };
    this.#parts.log.info(facts, 'WhatsApp sent something during the pairing that this version does not know');
  }

  /** Stored first, then acknowledged, then drawn: a secret that a phone scans must survive a kill. */
  #renewSecret(node: BinaryNode): void {
    const { socket } = this.#connection;
    const { creds } = socket.authState;
    // The secret of a code that was entered is what the link is proven with; a link that is there needs none.
    if (!this.#isEntered && !creds.account) {
      creds.advSecretKey = newAdvSecret();
      socket.ev.emit('creds.update', { advSecretKey: creds.advSecretKey });
      this.#parts.log.info('WhatsApp asked for a new QR code. Scan the new one.');
    }
    this.#acknowledge(node);
    if (!creds.account) this.#draw();
  }

  #entered(): void {
    this.#isEntered = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#codeEnded('the phone did not finish the link'),
      LINK_WITHIN_MS,
    ).unref();
  }

  /** A code that ended without a link: says so, and offers another one, or the QR code until the next may be asked for. */
  #codeEnded(why: string): void {
    const { log, now } = this.#parts;
    if (!this.#code) return;
    clearTimeout(this.#timer);
    this.#code = undefined;
    this.#isEntered = false;
    this.#forgetCode();
    this.#history.attempts = recordFruitless(this.#history.attempts, now());
    log.info(`The pairing code has ended: ${why}. A new one follows.`);
    if (needsHint(this.#history.attempts)) {
      log.warn(CODES_HINT);
      this.#notice = CODES_HINT;
    }
    if (now() < this.#history.attempts.nextAtMs) this.#draw();
    else void this.#askForCode();
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    const { log, now } = this.#parts;
    if (this.#code && !this.#connection.socket.authState.creds.account) {
      this.#history.attempts = recordFruitless(this.#history.attempts, now());
      if (needsHint(this.#history.attempts)) log.warn(CODES_HINT);
    }
    this.#code = undefined;
  }

  /** Takes a code back: its number must not make the next connection a login. */
  #forgetCode(): void {
    forgetHalfPairing(this.#connection.socket.authState.creds);
  }

  /** Answers a notification. The library's own answer fails before the link, because it reads the account's address. */
  #acknowledge(node: BinaryNode): void {
    // If the connection closes, WhatsApp sends the notification again.
    this.#connection.socket.sendNode(plainAck(node)).catch(() => {});
  }
}
