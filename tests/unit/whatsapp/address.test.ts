import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chatKind, numberAmong, personAddress, personId } from '../../../src/whatsapp/address.ts';

describe('personAddress', () => {
  it.each([
    ['15550100001@s.whatsapp.net', { user: '15550100001', isPhoneNumber: true, isLid: false }],
    ['15550100001:7@s.whatsapp.net', { user: '15550100001', isPhoneNumber: true, isLid: false }],
    ['15550100001@c.us', { user: '15550100001', isPhoneNumber: true, isLid: false }],
    ['15550100001:99@hosted', { user: '15550100001', isPhoneNumber: true, isLid: false }],
    ['200000000000001@lid', { user: '200000000000001', isPhoneNumber: false, isLid: true }],
    ['200000000000001:3@lid', { user: '200000000000001', isPhoneNumber: false, isLid: true }],
    ['200000000000001:99@hosted.lid', { user: '200000000000001', isPhoneNumber: false, isLid: true }],
    ['120363000000000001@g.us', undefined],
    ['status@broadcast', undefined],
    ['120363000000000001@newsletter', undefined],
    ['@s.whatsapp.net', undefined],
    ['15550100001', undefined],
    ['', undefined],
    [undefined, undefined],
    [null, undefined],
  ])('personAddress reads %j as %j', (jid, address) => {
    expect(personAddress(jid)).toEqual(address);
  });
});

describe('numberAmong', () => {
  it.each([
    [['15550100001@s.whatsapp.net'], '15550100001'],
    [['200000000000001@lid', '15550100001:4@s.whatsapp.net'], '15550100001'],
    [['1@s.whatsapp.net', '2@s.whatsapp.net'], '1'],
    [['200000000000001@lid', null, undefined, 'nonsense'], undefined],
    [[], undefined],
  ])('numberAmong finds in %j the number %s', (jids, number) => {
    expect(numberAmong(...jids)).toBe(number);
  });
});

describe('personId', () => {
  it.each([
    ['15550100001', '200000000000001@lid', '15550100001'],
    [undefined, '200000000000001@lid', 'lid:200000000000001'],
    [undefined, '200000000000001:5@lid', 'lid:200000000000001'],
    [undefined, 'nonsense', 'lid:nonsense'],
    [undefined, undefined, 'lid:unknown'],
  ])('personId of number %s and address %s is %s', (number, jid, id) => {
    expect(personId(number, jid)).toBe(id);
  });
});

describe('chatKind', () => {
  it.each([
    ['15550100001@s.whatsapp.net', 'direct'],
    ['200000000000001@lid', 'direct'],
    ['120363000000000001@g.us', 'group'],
    ['status@broadcast', 'status'],
    ['15550100001-1@broadcast', 'broadcast'],
    ['120363000000000001@newsletter', 'newsletter'],
    ['13135550002@bot', 'other'],
    ['nonsense', 'other'],
    ['', 'other'],
  ] as const)('chatKind of %j is %s', (jid, kind) => {
    expect(chatKind(jid)).toBe(kind);
  });
});

it('the functions for addresses never throw, whatever the name of a stranger is', () => {
  const jids = fc.oneof(
    fc.string(),
    fc.tuple(fc.string(), fc.constantFrom('s.whatsapp.net', 'lid', 'g.us', '@', '')).map((p) => p.join('@')),
  );
  fc.assert(
    fc.property(jids, (jid) => {
      expect(chatKind(jid)).toBeTypeOf('string');
      expect(personId(numberAmong(jid), jid)).not.toBe('');
    }),
  );
});
