import type { Logger } from 'pino';
import { assertNever, shellWord } from '../../core/errors.ts';
import { sessionCommand } from '../../core/session-command-text.ts';
import { accountRefusalSentence, type CloseReason } from './close-reason.ts';
import { DoctorHint } from './doctor-hint.ts';
import type { CloseHistory } from './reconnect-policy.ts';

/** Says in the log what happens to the connection, in the lines that people and their tools rely on. */
export class ConnectionLog {
  readonly #log: Logger;
  readonly #sessionPath: string;
  readonly #doctorHint = new DoctorHint();

  constructor(log: Logger, sessionPath: string) {
    this.#log = log;
    this.#sessionPath = sessionPath;
  }

  starting(): void {
    this.#log.info('Initializing Baileys WhatsApp client...');
  }

  status(word: 'connecting' | 'open' | 'close'): void {
    this.#log.info(`Connection status: ${word}`);
    if (word === 'open') this.#doctorHint.opened();
    if (word === 'open') this.#log.info('✅ WhatsApp connection established');
  }

  waiting(delayMs: number): void {
    if (delayMs > 0) this.#log.info({ delayMs }, `Reconnecting in ${shortSeconds(delayMs)} seconds...`);
  }

  loggedOut(): void {
    this.#log.error(`Logged out. Run: rm -rf ${shellWord(this.#sessionPath)}`);
    this.#log.error(
      'Then start the bot again and scan the new QR code: WhatsApp → Settings → Linked devices → Link a device.',
    );
  }

  replacedForGood(): void {
    this.#log.error(
      { close: 'replaced' },
      'Another client keeps opening this session, so this one stops: the copy that was started last stays. ' +
        'Stop the other one, or link this bot as a device of its own with another SESSION_PATH.',
    );
  }

  /** `history` includes this close. */
  closed(reason: CloseReason, history: CloseHistory): void {
    const { failures } = history;
    const isDoctorDue = this.#doctorHint.isDue(reason);
    switch (reason.kind) {
      case 'logged-out':
        return;
      case 'auth-failed':
        this.#log.warn(`⚠️ Authentication failed (${reason.statusCode})`);
        this.#log.warn('Authentication failed, but might be temporary. Trying to reconnect...');
        return;
      case 'restart-required':
        this.#log.info('WhatsApp asks for a restart of the connection, as after every pairing');
        return;
      case 'replaced':
        this.#log.warn(
          { close: reason.kind },
          'Another client opened this session. Trying once more in a minute, in case it goes away.',
        );
        return;
      case 'version-refused':
        this.#log.warn(
          { close: reason.kind },
          'WhatsApp refuses this client version. Looking the current one up.',
        );
        return;
      case 'account-refused':
        this.#log.error(
          { close: reason.kind, statusCode: reason.statusCode },
          `${accountRefusalSentence(reason.statusCode)} The session is kept, and the bot tries again every hour.`,
        );
        return;
      case 'banned':
        this.#log.error(
          { close: reason.kind, forMs: reason.forMs },
          `WhatsApp has banned this account for a while, until ${new Date(Date.now() + reason.forMs).toISOString()}. ` +
            'The bot waits that long; send less, and only to people who wrote first.',
        );
        return;
      case 'qr-ended':
        this.#log.info(
          { close: reason.kind },
          'Nobody scanned or entered the code in time. A new one follows.',
        );
        return;
      case 'storage-failed':
        this.#log.error(
          { close: reason.kind },
          `${reason.message} Until then the connection stays closed, so that WhatsApp keeps the messages.`,
        );
        return;
      case 'closed-by-send':
        this.#log.warn(
          { failures, statusCode: reason.statusCode, detail: reason.message },
          'WhatsApp closed the connection, perhaps because of a message that was on its way',
        );
        return;
      case 'network':
        this.#log.warn(
          { failures, statusCode: reason.statusCode, cause: reason.cause, detail: reason.message },
          'The connection closed',
        );
        if (isDoctorDue)
          this.#log.warn(
            `WhatsApp could not be reached several times in a row. To find the cause, run: ${sessionCommand()} doctor`,
          );
        return;
      default:
        assertNever(reason);
    }
  }

  pairingCutOff(): void {
    this.#log.warn(
      'WhatsApp does not know this session: its pairing was cut off before WhatsApp had confirmed it. ' +
        'Nothing is lost. A new code follows.',
    );
  }

  sessionProbablyGone(times: number): void {
    this.#log.error(
      { times },
      `WhatsApp refused this session ${times} times in a row, so it is probably gone. ` +
        `To link again, run: rm -rf ${shellWord(this.#sessionPath)} and start the bot again.`,
    );
  }
}

/** Whole seconds, but two digits below ten: a wait of 400 ms is not one of 0 seconds. */
function shortSeconds(ms: number): number {
  const seconds = ms / 1000;
  return seconds < 10 ? Number(seconds.toPrecision(2)) : Math.round(seconds);
}
