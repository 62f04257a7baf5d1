import { describe, expect, it } from 'vitest';
import { answerToIgnored, ignoredHow } from '../../../../src/whatsapp/receive/ignored-stanzas.ts';

const node = (attrs: Record<string, string>) => ({ tag: 'message', attrs: { id: 'ID1', ...attrs } });

describe('ignoredHow', () => {
  it.each<[string, Record<string, string>, string | undefined]>([
    ['a status', { from: 'status@broadcast', participant: '15550200001@s.whatsapp.net' }, 'ack'],
    ['a broadcast list', { from: '1234@broadcast' }, 'ack'],
    ['a newsletter', { from: '1234@newsletter' }, 'ack'],
    ['an answer of Meta AI', { from: '867051314767696@bot' }, 'ack'],
    [
      'what the owner writes to Meta AI',
      { from: '15550100000@s.whatsapp.net', recipient: '8670@bot' },
      'receipt',
    ],
    ['a direct message', { from: '15550200001@s.whatsapp.net' }, undefined],
    ['a direct message by LID', { from: '200000000000001@lid' }, undefined],
    ['a group message', { from: '120363000000000001@g.us', participant: '200000000000001@lid' }, undefined],
    [
      'an own message to a person',
      { from: '15550100000@s.whatsapp.net', recipient: '15550200001@s.whatsapp.net' },
      undefined,
    ],
    ['a stanza without a sender', {}, undefined],
  ])('ignoredHow of %s is $2', (_, attrs, expected) => {
    expect(ignoredHow(node(attrs))).toBe(expected);
  });
});

describe('answerToIgnored', () => {
  it('the answer to an ignored stanza has the attributes that an ack needs, and no error', () => {
    const stanza = node({ from: 'status@broadcast', participant: '200000000000001@lid', type: 'text' });
    expect(answerToIgnored(stanza, 'ack', '15550100000:3@s.whatsapp.net')).toEqual({
      tag: 'ack',
      attrs: {
        id: 'ID1',
        to: 'status@broadcast',
        class: 'message',
        participant: '200000000000001@lid',
        type: 'text',
        from: '15550100000:3@s.whatsapp.net',
      },
    });
  });

  it('the receipt for a message to Meta AI names that chat', () => {
    const stanza = node({ from: '100000000000000:0@lid', recipient: '8670@bot', type: 'text' });
    expect(answerToIgnored(stanza, 'receipt', undefined)).toEqual({
      tag: 'receipt',
      attrs: { id: 'ID1', to: '100000000000000:0@lid', recipient: '8670@bot', type: 'sender' },
    });
  });
});
