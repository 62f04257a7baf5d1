import type { BinaryNode } from '@whiskeysockets/baileys';
import { expect, it } from 'vitest';
import { dropKeyErrors } from '../../../../src/whatsapp/signal/drop-key-errors.ts';

const node = (tag: string, attrs: Record<string, string>, content?: BinaryNode[]): BinaryNode =>
  content ? { tag, attrs, content } : { tag, attrs };
const withKeys = node('user', { jid: 'a@lid' }, [node('registration', {}), node('identity', {})]);
const withoutKeys = node('user', { jid: 'b@lid' }, [node('error', { code: '404' })]);
const answer = (users: BinaryNode[], type = 'result') => node('iq', { type }, [node('list', {}, users)]);

it('dropKeyErrors removes the people without keys and keeps the others', () => {
  const iq = answer([withoutKeys, withKeys, withoutKeys]);
  expect(dropKeyErrors(iq)).toBe(2);
  expect(iq).toEqual(answer([withKeys]));
});

it.each([
  ['an answer without errors', answer([withKeys])],
  ['an error', answer([withoutKeys], 'error')],
  ['another stanza', node('message', {}, [node('list', {}, [withoutKeys])])],
  ['an answer without content', node('iq', { type: 'result' })],
])('dropKeyErrors does not change %s', (_, iq) => {
  const before = structuredClone(iq);
  expect(dropKeyErrors(iq)).toBe(0);
  expect(iq).toEqual(before);
});
