import type { IncomingMessage } from '../../core/messages/incoming-message.ts';

/** Why a message is ignored. */
export type Ignored = 'not-a-chat' | 'from-a-bot' | 'own-send' | 'too-old';

export interface AdmitFacts {
  readonly nowMs: number;
  readonly maxAgeMs: number;
  /** Whether the bot sent this message itself, which its id shows. */
  readonly isOwnSend: boolean;
}

/**
 * Whether a message may be a command at all: written in a direct chat or a group, by a person, not long ago.
 * What the owner types on a phone of the linked account counts as written by a person. A message from the
 * future counts as new, because clocks differ.
 */
export function decideAdmission(message: IncomingMessage, facts: AdmitFacts): Ignored | undefined {
  if (message.chatKind !== 'direct' && message.chatKind !== 'group') return 'not-a-chat';
  if (message.isFromBot) return 'from-a-bot';
  if (message.isFromMe && facts.isOwnSend) return 'own-send';
  if (facts.nowMs - message.sentAtMs > facts.maxAgeMs) return 'too-old';
  return undefined;
}
