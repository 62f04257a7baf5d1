import { createHash } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';
import { type SecretUse, sealUnderSecret } from '../crypto/message-secret.ts';
import type { ActionTarget } from './action-target.ts';

const { Type } = proto.Message.ProtocolMessage;
const { SecretEncType } = proto.Message.SecretEncryptedMessage;

/** An edit in the clear, as phones sent it until May 2026. */
export function plainEdit(target: ActionTarget, edited: proto.IMessage): proto.IMessage {
  return { protocolMessage: editOf(target, edited) };
}

/** An edit that is sealed under the secret of the edited message (Baileys#2541). */
export function sealedEdit(target: ActionTarget, edited: proto.IMessage): proto.IMessage {
  const plain = proto.Message.fromObject({ protocolMessage: editOf(target, edited) });
  const sealed = seal(proto.Message.encode(plain).finish(), target, 'Message Edit');
  const secretEncType = SecretEncType.MESSAGE_EDIT;
  // The envelope carries the secret of the edited message, as WhatsApp Web sends it.
  const { messageContextInfo } = target.message;
  const secretEncryptedMessage = { targetMessageKey: target.key, ...sealed, secretEncType };
  return { secretEncryptedMessage, messageContextInfo: messageContextInfo ?? null };
}

export function deletion({ key }: ActionTarget): proto.IMessage {
  return { protocolMessage: { type: Type.REVOKE, key } };
}

/** An empty emoji takes the reaction back. */
export function reaction({ key }: ActionTarget, emoji: string): proto.IMessage {
  return { reactionMessage: { key, text: emoji, senderTimestampMs: Date.now() } };
}

/** A vote for these options; none takes the vote back. */
export function pollVote(target: ActionTarget, options: readonly string[]): proto.IMessage {
  const selectedOptions = options.map((option) => createHash('sha256').update(option).digest());
  const plain = proto.Message.PollVoteMessage.encode({ selectedOptions }).finish();
  const vote = seal(plain, target, 'Poll Vote');
  return {
    pollUpdateMessage: { pollCreationMessageKey: target.key, vote, senderTimestampMs: Date.now() },
  };
}

/** `contextInfo` of a reply. */
export function quoteOf({ key, sender, message }: ActionTarget): proto.IContextInfo {
  return { stanzaId: key.id ?? '', participant: sender, quotedMessage: message };
}

function editOf({ key }: ActionTarget, edited: proto.IMessage): proto.Message.IProtocolMessage {
  return { key, type: Type.MESSAGE_EDIT, editedMessage: edited, timestampMs: Date.now() };
}

function seal(
  plaintext: Uint8Array,
  target: ActionTarget,
  use: SecretUse,
): { encPayload: Buffer; encIv: Buffer } {
  const { key, message, sender, actor } = target;
  const secret = message.messageContextInfo?.messageSecret;
  if (!secret) throw new Error(`message ${key.id} carries no secret`);
  const context = { messageId: key.id ?? '', secret, originalSender: sender, modifier: actor, use };
  return sealUnderSecret(plaintext, context);
}
