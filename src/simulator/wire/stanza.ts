import type { BinaryNode } from '@whiskeysockets/baileys';

/** One node of WhatsApp's binary XML. */
export type Stanza = BinaryNode;

type Attributes = Record<string, string | undefined>;

/** Builds a node without the attributes that are undefined. */
export function stanza(tag: string, attributes: Attributes = {}, content?: Stanza['content']): Stanza {
  const attrs: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) attrs[name] = value;
  return content === undefined ? { tag, attrs } : { tag, attrs, content };
}

export function childrenOf(node: Stanza | undefined, tag?: string): Stanza[] {
  if (!Array.isArray(node?.content)) return [];
  return tag === undefined ? node.content : node.content.filter((child) => child.tag === tag);
}

export function childOf(node: Stanza | undefined, tag: string): Stanza | undefined {
  return childrenOf(node, tag)[0];
}

/** A node's content as bytes. Short strings are sent as tokens, so content may be a string. */
export function bytesOf(node: Stanza | undefined): Buffer {
  const content = node?.content;
  if (typeof content === 'string') return Buffer.from(content);
  return content instanceof Uint8Array ? Buffer.from(content) : Buffer.alloc(0);
}

export function textOf(node: Stanza | undefined): string {
  return bytesOf(node).toString('utf8');
}

/** The content as a big-endian integer. 0 if it is empty or longer than 6 bytes. */
export function uintOf(node: Stanza | undefined): number {
  const bytes = bytesOf(node);
  return bytes.length === 0 || bytes.length > 6 ? 0 : bytes.readUIntBE(0, bytes.length);
}

export function uintBytes(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  return bytes;
}

export const SERVER_JID = '@s.whatsapp.net';

/** The answer to a query. */
export function resultOf(query: Stanza, content?: Stanza[]): Stanza {
  return stanza('iq', { type: 'result', id: query.attrs.id, from: query.attrs.to ?? SERVER_JID }, content);
}

/** The error answer to a query. */
export function errorOf(query: Stanza, code: number, text: string): Stanza {
  const attrs = { type: 'error', id: query.attrs.id, from: query.attrs.to ?? SERVER_JID };
  return stanza('iq', attrs, [stanza('error', { code: String(code), text })]);
}
