import {
  type BinaryNode,
  jidNormalizedUser,
  proto,
  toNumber,
  type WAMessageKey,
} from '@whiskeysockets/baileys';
import type { Account } from './parse-message.ts';

/** Baileys asks for none of these, since no phone hands them on; nor for what is older than fourteen days. */
const NEVER_HANDED_ON = new Set([
  'view_once',
  'view_once_unavailable_fanout',
  'bot_unavailable_fanout',
  'hosted_unavailable_fanout',
]);

/**
 * Whether a stanza names a message without its content, as with ads that open a chat: only the account's phone has
 * it. Baileys acknowledges the stanza, and two seconds later asks the phone.
 */
export function isLeftToPhone({ content }: BinaryNode): boolean {
  const children = Array.isArray(content) ? content : [];
  if (children.some(({ tag }) => tag === 'enc' || tag === 'plaintext')) return false;
  return !children.some(({ tag, attrs }) => tag === 'unavailable' && NEVER_HANDED_ON.has(attrs.type ?? ''));
}

/** The messages in the phone's answer; undefined where this is no such answer. */
export function handedOnIn({ protocolMessage }: proto.IMessage): proto.IWebMessageInfo[] | undefined {
  const answer = protocolMessage?.peerDataOperationRequestResponseMessage;
  return answer?.peerDataOperationResult?.flatMap(({ placeholderMessageResendResponse }) => {
    const bytes = placeholderMessageResendResponse?.webMessageInfoBytes;
    // What the phone does not have comes without bytes.
    if (!bytes) return [];
    try {
      return [proto.WebMessageInfo.decode(bytes)];
    } catch {
      return [];
    }
  });
}

/** The attributes that the stanza of such a message would have had. */
export function attrsOf(info: proto.IWebMessageInfo, me: Account): BinaryNode['attrs'] {
  const { remoteJid, fromMe, id, participant } = info.key ?? {};
  const chat = remoteJid ?? '';
  const author = fromMe ? jidNormalizedUser(me.id) : (participant ?? info.participant ?? chat);
  const place = chat.endsWith('@g.us')
    ? { from: chat, participant: author }
    : { from: author, ...(fromMe ? { recipient: chat } : {}) };
  return {
    ...place,
    id: id ?? '',
    t: String(toNumber(info.messageTimestamp)),
    ...(info.pushName ? { notify: info.pushName } : {}),
  };
}

/** Asks the phone for these messages. */
export const resendRequest = (
  keys: readonly WAMessageKey[],
): proto.Message.IPeerDataOperationRequestMessage => ({
  peerDataOperationRequestType: proto.Message.PeerDataOperationRequestType.PLACEHOLDER_MESSAGE_RESEND,
  placeholderMessageResendRequest: keys.map(
    ({ remoteJid = null, fromMe = null, id = null, participant = null }) => ({
      messageKey: { remoteJid, fromMe, id, participant },
    }),
  ),
});
