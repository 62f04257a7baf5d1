import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import type { BotSettings } from '../bot-settings.ts';
import type { Me } from '../context.ts';
import type { SentIds } from '../send/sent-ids.ts';

/** Whether a message is for the bot: in a direct chat, by a mention, or as an answer to a message of the bot. */
export function isAddressed(
  message: IncomingMessage,
  ownIds: readonly string[],
  sentIds: Pick<SentIds, 'has'>,
): boolean {
  if (message.chatKind === 'direct') return true;
  if (message.quoted !== undefined && sentIds.has(message.quoted.id)) return true;
  return message.mentions.some((jid) => {
    const user = jid.split(/[:@]/, 1)[0] ?? '';
    return ownIds.includes(jid.endsWith('@lid') ? `lid:${user}` : user);
  });
}

/** The account of the bot, from its person ids. */
export function meOf({ ownIds, ownName }: BotSettings): Me {
  const ids = ownIds();
  return {
    number: ids.find((id) => !id.startsWith('lid:')),
    lid: ids.find((id) => id.startsWith('lid:'))?.slice('lid:'.length),
    name: ownName?.(),
  };
}
