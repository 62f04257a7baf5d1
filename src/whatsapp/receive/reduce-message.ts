import { type BinaryNode, proto, writeRandomPadMax16 } from '@whiskeysockets/baileys';
import { LIMITS } from '../../core/limits/limits.ts';

/** A message up to this size, in bytes, is kept as it came. */
const SMALL_BYTES = 2 * 1024;
/** The longest bytes that a download, a quote or an edit needs (keys, hashes, secrets). Thumbnails are longer. */
const LONGEST_BYTES_FIELD = 128;
const LONGEST_STRING = 65_536;
const LONGEST_LIST = 2_048;
const DEEPEST = 16;
/** More than a sender key distribution needs. */
const LARGEST_SENDER_KEY_BYTES = 1024;
/** A protocol message of the own account: app-state keys, or a short history inside the message. */
const LARGEST_PROTOCOL_BYTES = 64 * 1024;

/**
 * What is kept of a message for the bot until it is finished: text, mentions, quote and the references to media.
 * Thumbnails and other long bytes of a large message are dropped, and so is what the quoted message itself quotes.
 */
export function reduceMessage(message: proto.IMessage, bytes: number): proto.IMessage {
  return bytes <= SMALL_BYTES ? message : (reduced(message, 0, false) as proto.IMessage);
}

function reduced(value: unknown, depth: number, isQuote: boolean): unknown {
  if (typeof value === 'string') return value.length <= LONGEST_STRING ? value : undefined;
  if (value instanceof Uint8Array) return value.length <= LONGEST_BYTES_FIELD ? value : undefined;
  if (typeof value !== 'object' || value === null || isLong(value)) return value;
  if (depth === DEEPEST) return undefined;
  if (Array.isArray(value)) {
    const items = value.slice(0, LONGEST_LIST).map((item) => reduced(item, depth + 1, isQuote));
    return items.filter((item) => item !== undefined);
  }
  const fields = Object.entries(value)
    .filter(([name]) => !(isQuote && name === 'contextInfo'))
    .map(([name, field]) => [name, reduced(field, depth + 1, isQuote || name === 'quotedMessage')] as const);
  return Object.fromEntries(fields.filter(([, field]) => field !== undefined));
}

const isLong = (value: object): boolean => 'low' in value && 'high' in value;

/**
 * What is kept of a message that is not for the bot: what the library needs again if WhatsApp sends the message
 * again after a kill. That is the sender key of a group and, from the own account, a protocol message (keys of the
 * app state, history). Undefined if there is nothing of that kind.
 */
export function neededByLibrary(message: proto.IMessage, isFromMe: boolean): proto.IMessage | undefined {
  const { senderKeyDistributionMessage: key, protocolMessage } = message;
  const needed: proto.IMessage = {};
  if (key && (key.axolotlSenderKeyDistributionMessage?.length ?? 0) <= LARGEST_SENDER_KEY_BYTES)
    needed.senderKeyDistributionMessage = {
      groupId: (key.groupId ?? '').slice(0, LONGEST_BYTES_FIELD),
      axolotlSenderKeyDistributionMessage: key.axolotlSenderKeyDistributionMessage ?? null,
    };
  if (isFromMe && protocolMessage && !protocolMessage.editedMessage) {
    const { length } = proto.Message.ProtocolMessage.encode(protocolMessage).finish();
    if (length <= LARGEST_PROTOCOL_BYTES) needed.protocolMessage = protocolMessage;
  }
  return Object.keys(needed).length > 0 ? needed : undefined;
}

/** A message as the plaintext of a ciphertext: encoded and padded. */
export const encodePadded = (message: proto.IMessage): Uint8Array =>
  writeRandomPadMax16(proto.Message.encode(message).finish());

const { bytesEach: LONGEST_ATTRIBUTE } = LIMITS['message-ids'];
const MAX_ATTRIBUTES = 32;

/** The attributes of a stanza without those that are too long to be of use. A long name is cut. */
export function reduceAttrs(attrs: BinaryNode['attrs']): BinaryNode['attrs'] {
  const kept = Object.entries(attrs)
    .slice(0, MAX_ATTRIBUTES)
    .map(([name, value]) => [name, name === 'notify' ? String(value).slice(0, LONGEST_ATTRIBUTE) : value])
    .filter(([, value]) => typeof value === 'string' && value.length <= LONGEST_ATTRIBUTE);
  return Object.fromEntries(kept) as BinaryNode['attrs'];
}
