import type { BinaryNode } from '@whiskeysockets/baileys';

const childrenOf = ({ content }: BinaryNode): BinaryNode[] => (Array.isArray(content) ? content : []);

/**
 * Removes the people without keys from the answer to a query for keys (`<iq><list><user><error/></user>…`). The library
 * throws at the first of them, before it takes the keys of the others, so that one deleted account would keep a whole
 * group from getting a message. Changes the node and returns how many people it removed.
 *
 * Source: `parseAndInjectE2ESessions` in `lib/Utils/signal.js` of Baileys 7.0.0-rc14.
 */
export function dropKeyErrors(node: BinaryNode): number {
  if (node.tag !== 'iq' || node.attrs.type !== 'result') return 0;
  let dropped = 0;
  for (const list of childrenOf(node)) {
    if (list.tag !== 'list') continue;
    const users = childrenOf(list);
    const kept = users.filter((user) => user.tag !== 'user' || !hasError(user));
    if (kept.length === users.length) continue;
    dropped += users.length - kept.length;
    list.content = kept;
  }
  return dropped;
}

const hasError = (user: BinaryNode): boolean => childrenOf(user).some(({ tag }) => tag === 'error');
