import { proto } from '@whiskeysockets/baileys';
import { textIn, unwrapped } from './message-bytes.ts';

/** What a message does to an earlier message, whose id is `of`. */
export type MessageAct =
  | { readonly kind: 'edit'; readonly of: string; readonly text: string | undefined }
  | { readonly kind: 'deletion'; readonly of: string }
  /** An empty emoji takes the reaction back. */
  | { readonly kind: 'reaction'; readonly of: string; readonly emoji: string }
  | { readonly kind: 'vote'; readonly of: string };

const { Type } = proto.Message.ProtocolMessage;

/** Undefined for a message of its own. */
export function actIn(message: proto.IMessage): MessageAct | undefined {
  const { protocolMessage, reactionMessage, pollUpdateMessage } = unwrapped(message);
  const of = protocolMessage?.key?.id ?? '';
  if (protocolMessage?.type === Type.REVOKE) return { kind: 'deletion', of };
  const edited = protocolMessage?.editedMessage;
  if (edited) return { kind: 'edit', of, text: textIn(edited) };
  if (reactionMessage) {
    return { kind: 'reaction', of: reactionMessage.key?.id ?? '', emoji: reactionMessage.text ?? '' };
  }
  if (pollUpdateMessage) return { kind: 'vote', of: pollUpdateMessage.pollCreationMessageKey?.id ?? '' };
  return undefined;
}
