import type { MessageRecord } from '../../core/messages/message-records.ts';

/**
 * The interfaces between `http/` and the rest of the program: what the page shows, and how it sends a text. `app/`
 * implements them with the connection and the bot.
 */

/** What the bot is doing. */
export type Situation =
  | { readonly kind: 'starting' }
  | { readonly kind: 'connecting' }
  /** A person has to scan the QR, or to enter the code. */
  | {
      readonly kind: 'pairing';
      readonly qr: string | undefined;
      readonly code: string | undefined;
      readonly expiresAtMs: number | undefined;
      /** A sentence for the person: why there is no code, or what else to try. */
      readonly hint?: string | undefined;
    }
  | { readonly kind: 'open' }
  | { readonly kind: 'waiting'; readonly untilMs: number }
  | { readonly kind: 'stopped'; readonly why: 'asked' | 'logged-out' | 'replaced' };

export const SITUATIONS = ['starting', 'connecting', 'pairing', 'open', 'waiting', 'stopped'] as const;

/** Everything that the page and the metrics show, at one moment. Counters count from the start of the program. */
export interface StatusSnapshot {
  readonly nowMs: number;
  readonly version: string;
  readonly startedAtMs: number;
  readonly situation: Situation;
  /** When the situation became one of this kind. */
  readonly sinceMs: number;
  /** How an open connection does no work: what arrives is not decrypted, or not answered. Undefined if it works. */
  readonly deafness?: 'nothing-decrypted' | 'nothing-answered' | undefined;
  /** Who is linked, number masked; undefined if no account is. */
  readonly account: { readonly number: string | undefined; readonly name: string | undefined } | undefined;
  /** As the person wrote it, for the commands that they are told to run. */
  readonly sessionPath: string;
  readonly commandPrefix: string;
  readonly lastClose: CloseFacts | undefined;
  /** Reconnects by what made them necessary; every reason is there, with 0 too. */
  readonly reconnects: Readonly<Record<string, number>>;
  readonly received: number;
  readonly answered: number;
  readonly failed: number;
  /** Messages that the bot ignored, by reason. */
  readonly ignored: Readonly<Record<string, number>>;
  /** Sends that WhatsApp acknowledged. */
  readonly sent: number;
  readonly lastSentAtMs: number | undefined;
  readonly queued: number;
  readonly reminders: number;
  /** Messages whose handlers are not started again because they crashed the bot. */
  readonly setAside?: number | undefined;
  readonly journalBytes: number;
  readonly memoryBytes: number;
  /** When the account's phone last showed a sign of life; undefined if that is not known. */
  readonly phoneSeenAtMs: number | undefined;
  /** Since when the bot waits to be linked; undefined once it is. */
  readonly unlinkedSinceMs?: number | undefined;
  /** Logins in a row that WhatsApp refused (401, 403). */
  readonly refusedLogins: number;
  /** The last messages, the newest first. */
  readonly lastMessages?: readonly MessageRecord[];
  /** How many rows each durable table has. */
  readonly tableRows?: Readonly<Record<string, number>> | undefined;
}

export interface CloseFacts {
  readonly kind: string;
  /** One sentence for a person, without anything secret. */
  readonly sentence: string;
  readonly atMs: number;
}

/** How long something took: a send until WhatsApp acknowledged it, or a message until its first answer was. */
export interface Timing {
  readonly kind: 'send' | 'reply';
  readonly ms: number;
}

export interface StatusSource {
  snapshot(): StatusSnapshot;
  /** Calls back whenever the situation changes, until the returned function is called. */
  onChange(listener: () => void): () => void;
  onTiming(listener: (timing: Timing) => void): () => void;
}

/** A text that is being sent. The same key makes the same id, and WhatsApp shows one id once. */
export interface Sending {
  readonly id: string;
  /**
   * Resolves when WhatsApp has acknowledged it. Rejects with an `AppError`, or with something else when the bot stops.
   */
  readonly acknowledged: Promise<void>;
}

/** `number` is a phone number, digits only. */
export type SendText = (key: string, number: string, text: string) => Sending;
