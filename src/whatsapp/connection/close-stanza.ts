import type { BinaryNode } from '@whiskeysockets/baileys';

const STATUS = /^[4-9]\d\d$/;

/**
 * Prepares a stanza that ends the connection for the library, which makes an error of its code: a code that is no
 * number from 400 on ends the process (`new Boom` throws inside the listener). Such a code is removed, and the library
 * takes 500. The library reads the first child of a stream error only, so a conflict comes first. Changes the node.
 *
 * Source: the listeners of `CB:stream:error` and `CB:failure` in `lib/Socket/socket.js` of Baileys 7.0.0-rc14.
 */
export function prepareCloseStanza(node: BinaryNode): void {
  if (node.tag !== 'stream:error' && node.tag !== 'failure') return;
  const name = node.tag === 'failure' ? 'reason' : 'code';
  if (!STATUS.test(node.attrs[name] ?? '')) delete node.attrs[name];
  if (!Array.isArray(node.content)) return;
  const conflict = node.content.find(({ tag }) => tag === 'conflict');
  if (conflict) node.content = [conflict, ...node.content.filter((child) => child !== conflict)];
}
