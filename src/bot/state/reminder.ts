import type { Clock } from '../../core/clock.ts';
import type { CrashHistory } from '../../core/crash-history.ts';
import type { OutgoingMessage } from '../../core/messages/outgoing-message.ts';
import { phrases } from '../phrases.ts';
import { sendId } from '../send/message-id.ts';

/**
 * A message that is due later. The key of its row makes its message id, so that people see it once if it is sent twice.
 */
export interface Reminder extends CrashHistory {
  readonly chat: string;
  readonly text: string;
  readonly dueAtMs: number;
  readonly person: string;
  readonly mentions: readonly string[];
  readonly expirationSeconds: number;
  /** How often its send failed, and when for the first time. None if it has not failed. */
  readonly failures?: { readonly count: number; readonly sinceMs: number };
}

/** A reminder that comes later than this gets an apology. */
const PUNCTUAL_MS = 60_000;

/** The text is made at each try, because how late it is depends on when there is a connection. */
export function toMessage(id: string, reminder: Reminder, clock: Clock): OutgoingMessage {
  const { chat, text, dueAtMs, mentions, expirationSeconds } = reminder;
  return {
    id: sendId(id, 'reminder'),
    chat,
    get content() {
      return { kind: 'text' as const, text: text + apologyFor(clock.now() - dueAtMs), mentions };
    },
    expirationSeconds,
  };
}

function apologyFor(lateMs: number): string {
  return lateMs > PUNCTUAL_MS ? `\n\n${phrases.lateReminder(phrases.duration(lateMs))}` : '';
}
