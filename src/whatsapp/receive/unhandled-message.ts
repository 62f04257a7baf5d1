import type { BinaryNode } from '@whiskeysockets/baileys';
import { LIMITS } from '../../core/limits/limits.ts';
import { type MessageOutcome, type MessageRecord, noteMessage } from '../../core/messages/message-records.ts';
import { maskJid } from '../../logging/mask.ts';
import { chatKind } from '../address.ts';

/** Records what became of a message that is never handed to the bot. `attrs` are those of its stanza. */
export function noteUnhandled(
  { id = '', from = '', participant }: BinaryNode['attrs'],
  outcome: MessageOutcome,
  detail: string | undefined,
  log?: { debug(facts: object, line: string): void },
): MessageRecord {
  const short = (text: string): string => text.slice(0, LIMITS['message-ids'].bytesEach);
  const record = noteMessage({
    id: short(id),
    chatKind: chatKind(from),
    sender: short(maskJid(participant ?? from)),
    outcome,
    detail,
    atMs: Date.now(),
  });
  log?.debug({ ...record }, 'a message was not handed to the bot');
  return record;
}
