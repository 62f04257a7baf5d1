import type { BinaryNode } from '@whiskeysockets/baileys';
import { expect, it } from 'vitest';
import { prepareCloseStanza } from '../../../../src/whatsapp/connection/close-stanza.ts';

const prepared = (node: BinaryNode): BinaryNode => {
  prepareCloseStanza(node);
  return node;
};

it.each(['abc', '', '0', '200', '399', '-1', '1000', 'Infinity', '5e2'])(
  'prepareCloseStanza removes the code %j, which is no HTTP error',
  (code) => {
    expect(prepared({ tag: 'stream:error', attrs: { code } }).attrs).toEqual({});
    expect(prepared({ tag: 'failure', attrs: { reason: code, location: 'cln' } }).attrs).toEqual({
      location: 'cln',
    });
  },
);

it.each(['400', '503', '999'])('prepareCloseStanza keeps the code %s', (code) => {
  expect(prepared({ tag: 'failure', attrs: { reason: code } }).attrs).toEqual({ reason: code });
});

it('the conflict becomes the first child of a stream error', () => {
  const children = ['text', 'conflict', 'other'].map((tag) => ({ tag, attrs: {} }));
  const node = prepared({ tag: 'stream:error', attrs: {}, content: children });
  expect((node.content as BinaryNode[]).map(({ tag }) => tag)).toEqual(['conflict', 'text', 'other']);
});

it('prepareCloseStanza leaves every other stanza as it is', () => {
  expect(prepared({ tag: 'ack', attrs: { code: 'abc' } }).attrs).toEqual({ code: 'abc' });
});
