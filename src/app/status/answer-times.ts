import { type Clock, systemClock } from '../../core/clock.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import type { Messenger } from '../../core/messages/messenger.ts';
import type { Timing } from '../../http/status/status-source.ts';

const { count: MAX_WAITING } = LIMITS['answer-times'];

/** Measures how long sends take, and how long people wait for an answer. */
export class AnswerTimes {
  readonly #report: (timing: Timing) => void;
  readonly #clock: Pick<Clock, 'upMs'>;
  readonly #receivedAtMs = new Map<string, number>();

  constructor(report: (timing: Timing) => void, clock: Pick<Clock, 'upMs'> = systemClock) {
    this.#report = report;
    this.#clock = clock;
  }

  received({ key }: Pick<IncomingMessage, 'key'>): void {
    if (this.#receivedAtMs.has(key)) return;
    this.#receivedAtMs.set(key, this.#clock.upMs());
    if (this.#receivedAtMs.size <= MAX_WAITING) return;
    for (const oldest of this.#receivedAtMs.keys()) {
      this.#receivedAtMs.delete(oldest);
      return;
    }
  }

  /** The same messenger, with its sends measured. Only sends that succeed count. */
  measured(messenger: Messenger): Messenger {
    return {
      send: async (message, signal) => {
        const startedAtMs = this.#clock.upMs();
        await messenger.send(message, signal);
        this.#report({ kind: 'send', ms: this.#clock.upMs() - startedAtMs });
        if (message.quote !== undefined) this.#answered(message.quote.key);
      },
      ...passedOn(messenger),
    };
  }

  #answered(key: string): void {
    const receivedAtMs = this.#receivedAtMs.get(key);
    if (receivedAtMs === undefined) return;
    this.#receivedAtMs.delete(key);
    this.#report({ kind: 'reply', ms: this.#clock.upMs() - receivedAtMs });
  }
}

type PassedOn = Omit<Messenger, 'send'>;

/** The methods that are not measured: all others. Not every messenger has all of them. */
const PASSED_ON: Readonly<Record<keyof PassedOn, true>> = {
  showTyping: true,
  whenOpen: true,
  download: true,
  group: true,
  freeze: true,
  thaw: true,
  hasMet: true,
  hasSent: true,
  changeMembers: true,
  changeGroup: true,
  inviteLink: true,
  declineCall: true,
  markRead: true,
};

function passedOn(messenger: Messenger): PassedOn {
  const methods = (Object.keys(PASSED_ON) as Array<keyof PassedOn>).flatMap((name) => {
    const method = messenger[name];
    return typeof method === 'function' ? [[name, method.bind(messenger)] as const] : [];
  });
  return Object.fromEntries(methods) as unknown as PassedOn;
}
