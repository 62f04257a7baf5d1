import {
  type BinaryNode,
  jidNormalizedUser,
  proto,
  toNumber,
  type WAMessageKey,
  type WASocket,
} from '@whiskeysockets/baileys';
import type { Account } from './parse-message.ts';

/** The messages that only the phone has. */
interface PhoneMessages {
  leftToPhone(): Iterable<readonly [key: string, message: WAMessageKey]>;
  askedPhone(keys: readonly string[]): void;
}

/** What one request to the phone asks for. */
const MOST_ASKED = 100;

/** Types of `<unavailable>` that no phone resends. Baileys does not ask for them either. */
const NEVER_RESENT = new Set([
  'view_once',
  'view_once_unavailable_fanout',
  'bot_unavailable_fanout',
  'hosted_unavailable_fanout',
]);

/**
 * Whether a stanza names a message without its content, as with ads that open a chat: only the account's phone has
 * the content. Baileys acknowledges the stanza, and asks the phone two seconds later.
 */
export function isLeftToPhone({ content }: BinaryNode): boolean {
  const children = Array.isArray(content) ? content : [];
  if (children.some(({ tag }) => tag === 'enc' || tag === 'plaintext')) return false;
  return !children.some(({ tag, attrs }) => tag === 'unavailable' && NEVER_RESENT.has(attrs.type ?? ''));
}

/** The messages in the phone's answer to a resend request; undefined if this is not such an answer. */
export function resentMessages({ protocolMessage }: proto.IMessage): proto.IWebMessageInfo[] | undefined {
  const answer = protocolMessage?.peerDataOperationRequestResponseMessage;
  return answer?.peerDataOperationResult?.flatMap(({ placeholderMessageResendResponse }) => {
    const bytes = placeholderMessageResendResponse?.webMessageInfoBytes;
    // The phone does not have this message.
    if (!bytes) return [];
    try {
      return [proto.WebMessageInfo.decode(bytes)];
    } catch {
      return [];
    }
  });
}

/** The attributes that the message's own stanza would have had. */
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

/** The request that asks the phone for these messages. */
const resendRequest = (keys: readonly WAMessageKey[]): proto.Message.IPeerDataOperationRequestMessage => ({
  peerDataOperationRequestType: proto.Message.PeerDataOperationRequestType.PLACEHOLDER_MESSAGE_RESEND,
  placeholderMessageResendRequest: keys.map(
    ({ remoteJid = null, fromMe = null, id = null, participant = null }) => ({
      messageKey: { remoteJid, fromMe, id, participant },
    }),
  ),
});

/** Baileys asks for what came on its own connection; this asks for what came before. Never rejects. */
export async function askPhone(socket: WASocket, inbox: PhoneMessages): Promise<void> {
  const wanted = [...inbox.leftToPhone()].slice(-MOST_ASKED);
  if (wanted.length === 0) return;
  try {
    await socket.sendPeerDataOperationMessage(resendRequest(wanted.map(([, key]) => key)));
    inbox.askedPhone(wanted.map(([key]) => key));
  } catch {
    // The next connection asks.
  }
}
