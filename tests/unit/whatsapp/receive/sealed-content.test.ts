import { proto } from '@whiskeysockets/baileys';
import { describe, expect, it } from 'vitest';
import { type SecretUse, sealUnderSecret } from '../../../../src/simulator/crypto/message-secret.ts';
import { openEdit, openSealed } from '../../../../src/whatsapp/receive/sealed-content.ts';

const PN = '15550200001@s.whatsapp.net';
const LID = '200000000000001@lid';
const OWN = '15550100000@s.whatsapp.net';
const secret = new Uint8Array(32).fill(7);
const sealed = (use: SecretUse, originalSender: string, modifier: string) =>
  sealUnderSecret(Buffer.from('words'), { messageId: 'ID1', secret, originalSender, modifier, use });

describe('openSealed', () => {
  it.each<[SecretUse & ('Message Edit' | 'Poll Vote' | 'Event Response' | 'Enc Reaction'), string, string]>([
    ['Message Edit', PN, PN],
    ['Message Edit', LID, LID],
    ['Message Edit', PN, LID],
    ['Poll Vote', OWN, LID],
    ['Event Response', OWN, PN],
    ['Enc Reaction', OWN, PN],
  ])('openSealed opens %s of %s by %s, whichever address was used', (use, sender, actor) => {
    const context = { use, messageId: 'ID1', secret, senders: [OWN, PN, LID], actors: [PN, LID] };
    expect(openSealed(sealed(use, sender, actor), context)?.toString()).toBe('words');
  });

  const context = { use: 'Message Edit', messageId: 'ID1', secret, senders: [PN], actors: [PN] } as const;

  it.each([
    ['another person', sealed('Message Edit', OWN, OWN)],
    ['another use', sealed('Poll Vote', PN, PN)],
    ['damaged bytes', { ...sealed('Message Edit', PN, PN), encPayload: new Uint8Array(40) }],
    ['too few bytes', { ...sealed('Message Edit', PN, PN), encPayload: new Uint8Array(3) }],
    ['no bytes', {}],
  ])('openSealed does not open %s', (_, content) => {
    expect(openSealed(content, context)).toBeUndefined();
  });
});

describe('openEdit', () => {
  const edit = (key: proto.IMessageKey, edited: proto.IMessage): proto.IMessage => {
    const protocolMessage = { key, type: 14, editedMessage: edited };
    const plain = proto.Message.encode(proto.Message.fromObject({ protocolMessage })).finish();
    const content = sealUnderSecret(plain, {
      messageId: 'ID1',
      secret,
      originalSender: LID,
      modifier: LID,
      use: 'Message Edit',
    });
    return { secretEncryptedMessage: { targetMessageKey: { id: 'ID1' }, ...content, secretEncType: 2 } };
  };

  it('openEdit returns an edit of the message whose secret was used, whatever the sealed key says', () => {
    const opened = openEdit(edit({ id: 'ANOTHER' }, { conversation: '!ping' }), [PN, LID], () => secret);
    expect(opened).toMatchObject({
      protocolMessage: { key: { id: 'ID1' }, editedMessage: { conversation: '!ping' } },
    });
  });

  it('openEdit returns undefined if the secret is not known', () => {
    expect(
      openEdit(edit({ id: 'ID1' }, { conversation: '!ping' }), [PN, LID], () => undefined),
    ).toBeUndefined();
  });
});
