import type { IncomingMessage } from '../core/incoming-message.ts';
import { LIMITS } from '../core/limits.ts';
import type { Messenger } from '../core/messenger.ts';
import type { Timing } from '../http/status-source.ts';

const { count: MAX_WAITING } = LIMITS['answer-times'];

/** Measures how long sends take, and how long people wait for an answer. */
export class Timings {
  readonly #report: (timing: Timing) => void;
  readonly #now: () => number;
  readonly #receivedAtMs = new Map<string, number>();

  constructor(report: (timing: Timing) => void, now: () => number = () => performance.now()) {
    this.#report = report;
    this.#now = now;
  }

  received({ key }: Pick<IncomingMessage, 'key'>): void {
    if (this.#receivedAtMs.has(key)) return;
    this.#receivedAtMs.set(key, this.#now());
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
        const startedAtMs = this.#now();
        await messenger.send(message, signal);
        this.#report({ kind: 'send', ms: this.#now() - startedAtMs });
        if (message.quote !== undefined) this.#answered(message.quote.key);
      },
      ...passedOn(messenger),
    };
  }

  #answered(key: string): void {
    const receivedAtMs = this.#receivedAtMs.get(key);
    if (receivedAtMs === undefined) return;
    this.#receivedAtMs.delete(key);
    this.#report({ kind: 'reply', ms: this.#now() - receivedAtMs });
  }
}

/** The methods that are not measured. Not every messenger has all of them. */
const PASSED_ON = [
  'showTyping',
  'whenOpen',
  'download',
  'group',
  'freeze',
  'thaw',
  'hasMet',
  'changeMembers',
  'changeGroup',
  'inviteLink',
  'declineCall',
  'markRead',
] as const satisfies ReadonlyArray<keyof Messenger>;

type PassedOn = Pick<Messenger, (typeof PASSED_ON)[number]>;

function passedOn(messenger: Messenger): PassedOn {
  const methods = PASSED_ON.flatMap((name) => {
    const method = messenger[name];
    return typeof method === 'function' ? [[name, method.bind(messenger)] as const] : [];
  });
  return Object.fromEntries(methods) as unknown as PassedOn;
}
