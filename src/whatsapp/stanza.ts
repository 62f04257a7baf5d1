import type { BinaryNode } from '@whiskeysockets/baileys';

export function childrenOf(node: BinaryNode | undefined, tag: string): readonly BinaryNode[] {
  return Array.isArray(node?.content) ? node.content.filter((one) => one.tag === tag) : [];
}

export const childOf = (node: BinaryNode | undefined, tag: string): BinaryNode | undefined =>
  childrenOf(node, tag)[0];

export function bytesOf(node: BinaryNode | undefined): Buffer | undefined {
  if (node?.content instanceof Uint8Array) return Buffer.from(node.content);
  return typeof node?.content === 'string' ? Buffer.from(node.content) : undefined;
}
