import type { BinaryNode, WASocket } from '@whiskeysockets/baileys';
import { chatKind } from '../address.ts';

/**
 * How a message stanza is answered that the bot has no use for. `ack`: statuses, broadcasts, newsletters, and what
 * Meta AI writes. `receipt`: what the owner writes to Meta AI. Undefined: the library handles the stanza.
 */
export function ignoredHow({ attrs }: BinaryNode): 'ack' | 'receipt' | undefined {
  const { from = '', recipient = '' } = attrs;
  if (isMetaAi(recipient)) return 'receipt';
  if (isMetaAi(from)) return 'ack';
  const kind = chatKind(from);
  return kind === 'status' || kind === 'broadcast' || kind === 'newsletter' ? 'ack' : undefined;
}

const isMetaAi = (jid: string): boolean => jid.endsWith('@bot');

/**
 * The plain answer to an ignored message. The library answers with error 500, and WhatsApp then holds the rest of the
 * offline queue back (Baileys PR 2779). Or it answers with a receipt that names the wrong chat, and WhatsApp then sends
 * the message again every few minutes (Baileys#2822).
 */
export function answerToIgnored(
  { attrs }: BinaryNode,
  how: 'ack' | 'receipt',
  ownId: string | undefined,
): BinaryNode {
  const { id = '', from = '', participant, recipient, type } = attrs;
  const common = { id, to: from, ...(participant && { participant }), ...(recipient && { recipient }) };
  if (how === 'receipt') return { tag: 'receipt', attrs: { ...common, type: 'sender' } };
  return {
    tag: 'ack',
    attrs: { ...common, class: 'message', ...(type && { type }), ...(ownId && { from: ownId }) },
  };
}

/** Answers a message that is ignored. Returns whether it is; the library must not see it then. */
export function answerIgnored(
  socket: WASocket,
  node: BinaryNode,
  inbox: { ignored(attrs: BinaryNode['attrs'], why: string): void },
): boolean {
  const how = ignoredHow(node);
  if (!how) return false;
  inbox.ignored(node.attrs, chatKind(node.attrs.from ?? ''));
  // If the connection closes, WhatsApp sends the message again.
  socket.sendNode(answerToIgnored(node, how, socket.user?.id)).catch(() => {});
  return true;
}
