import type { BinaryNode } from '@whiskeysockets/baileys';

/** The plain answer to a notification: that it has arrived. */
export function plainAck({ attrs: { id = '', from = '', type = '' } }: BinaryNode): BinaryNode {
  return { tag: 'ack', attrs: { id, to: from, class: 'notification', type } };
}
