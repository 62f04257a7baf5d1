import type { BinaryNode } from '@whiskeysockets/baileys';

/** All children of a stanza, or those with this tag. */
export function childrenOf(node: BinaryNode | undefined, tag?: string): readonly BinaryNode[] {
  if (!Array.isArray(node?.content)) return [];
  return tag === undefined ? node.content : node.content.filter((one) => one.tag === tag);
}

export const childOf = (node: BinaryNode | undefined, tag: string): BinaryNode | undefined =>
  childrenOf(node, tag)[0];

export function bytesOf(node: BinaryNode | undefined): Buffer | undefined {
  if (node?.content instanceof Uint8Array) return Buffer.from(node.content);
  return typeof node?.content === 'string' ? Buffer.from(node.content) : undefined;
}
