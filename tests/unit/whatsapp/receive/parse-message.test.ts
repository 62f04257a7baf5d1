import { proto } from '@whiskeysockets/baileys';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Envelope,
  mediaIn,
  messageKey,
  type Origin,
  readEnvelope,
  toIncoming,
} from '../../../../src/whatsapp/receive/parse-message.ts';

const ME = { id: '15550100000:3@s.whatsapp.net', lid: '100000000000000:3@lid' };
const ANNA_PN = '15550200001@s.whatsapp.net';
const ANNA_LID = '200000000000001@lid';
const GROUP = '120363000000000001@g.us';

const envelope = (attrs: Record<string, string>): Envelope =>
  readEnvelope({ id: 'ID1', t: '1700000000', ...attrs }, ME);

const fromAnna = envelope({ from: ANNA_PN, sender_lid: ANNA_LID, notify: 'Anna' });

/** The message as it arrives: encoded and decoded once. */
const wire = (message: proto.IMessage): proto.IMessage =>
  proto.Message.decode(proto.Message.encode(proto.Message.fromObject(message)).finish());

const read = (message: proto.IMessage, from = fromAnna) => toIncoming(from, wire(message));

describe('readEnvelope', () => {
  it.each([
    [
      'a person by phone number',
      { from: ANNA_PN, sender_lid: ANNA_LID, notify: 'Anna' },
      { chat: ANNA_PN, senderJid: ANNA_PN, senderNumber: '15550200001', name: 'Anna', isFromMe: false },
    ],
    [
      'a person by LID, with the number beside it',
      { from: ANNA_LID, sender_pn: ANNA_PN },
      { chat: ANNA_LID, senderJid: ANNA_LID, senderNumber: '15550200001', isFromMe: false },
    ],
    [
      'a person by LID alone',
      { from: ANNA_LID },
      { chat: ANNA_LID, senderJid: ANNA_LID, senderNumber: undefined, isFromMe: false },
    ],
    [
      'one of their other devices',
      { from: '15550200001:12@s.whatsapp.net' },
      { chat: ANNA_PN, senderJid: ANNA_PN, senderNumber: '15550200001' },
    ],
    [
      'a member of a group by LID',
      { from: GROUP, participant: '200000000000001:4@lid', participant_pn: ANNA_PN },
      { chat: GROUP, senderJid: ANNA_LID, senderNumber: '15550200001', isFromMe: false },
    ],
    [
      'the account itself, on the phone, to somebody',
      { from: '15550100000@s.whatsapp.net', recipient: ANNA_PN },
      { chat: ANNA_PN, senderJid: '15550100000@s.whatsapp.net', senderNumber: '15550100000', isFromMe: true },
    ],
    [
      'the account itself by LID',
      { from: '100000000000000@lid', recipient: ANNA_LID },
      { chat: ANNA_LID, senderJid: '100000000000000@lid', senderNumber: '15550100000', isFromMe: true },
    ],
  ])('readEnvelope reads the stanza of %s', (_, attrs, expected) => {
    expect(envelope(attrs)).toMatchObject(expected);
  });

  it('the parser looks up a phone number that the stanza does not contain', () => {
    const asked: string[] = [];
    const numberOf = (lid: string) => {
      asked.push(lid);
      return '15550200001';
    };
    expect(
      readEnvelope({ id: 'A', from: ANNA_LID }, ME, { numberOf, localMs: (s) => s * 1000 }).senderNumber,
    ).toBe('15550200001');
    expect(asked).toEqual([ANNA_LID]);
  });

  it('the parser reads a malformed time as 1970', () => {
    expect(envelope({ from: ANNA_PN, t: 'soon' }).sentAtSeconds).toBe(0);
  });
});

describe('messageKey', () => {
  it('the parser gives one message the same key under both addresses of its sender', () => {
    const byLid = envelope({ from: ANNA_LID, sender_pn: ANNA_PN });
    expect(messageKey(byLid)).toBe(messageKey(fromAnna));
  });

  it.each([
    ['two people who choose the same id', { from: '15550200002@s.whatsapp.net' }],
    ['a direct chat and a group', { from: GROUP, participant: ANNA_PN }],
    ['two ids', { from: ANNA_PN, id: 'ID2' }],
  ])('the parser tells %s apart', (_, attrs) => {
    expect(messageKey(envelope(attrs))).not.toBe(messageKey(fromAnna));
  });
});

const quoted = { stanzaId: 'Q1', participant: ANNA_LID, quotedMessage: { conversation: 'before' } };

describe('what a person wrote', () => {
  it.each<[string, proto.IMessage, string]>([
    ['plain text', { conversation: '!ping' }, '!ping'],
    ['text with a preview or a quote', { extendedTextMessage: { text: '!ping' } }, '!ping'],
    ['the caption of an image', { imageMessage: { caption: '!sticker' } }, '!sticker'],
    ['the caption of a video', { videoMessage: { caption: '!sticker' } }, '!sticker'],
    ['the caption of a document', { documentMessage: { caption: '!read' } }, '!read'],
    [
      'a document with a caption of its own kind',
      { documentWithCaptionMessage: { message: { documentMessage: { caption: '!read' } } } },
      '!read',
    ],
    ['a disappearing message', { ephemeralMessage: { message: { conversation: '!ping' } } }, '!ping'],
    ['a view-once message', { viewOnceMessage: { message: { imageMessage: { caption: '!a' } } } }, '!a'],
    [
      'wrappers in wrappers',
      {
        ephemeralMessage: {
          message: { viewOnceMessageV2: { message: { extendedTextMessage: { text: 'x' } } } },
        },
      },
      'x',
    ],
    [
      'a copy of what the owner wrote on the phone',
      { deviceSentMessage: { destinationJid: ANNA_PN, message: { conversation: '!ping' } } },
      '!ping',
    ],
    [
      'a copy of a disappearing one',
      {
        deviceSentMessage: {
          destinationJid: ANNA_PN,
          message: { ephemeralMessage: { message: { conversation: '!ping' } } },
        },
      },
      '!ping',
    ],
    ['a chosen button', { buttonsResponseMessage: { selectedDisplayText: '!yes' } }, '!yes'],
    ['a chosen row', { listResponseMessage: { title: '!row' } }, '!row'],
    ['a chosen template button', { templateButtonReplyMessage: { selectedDisplayText: '!t' } }, '!t'],
  ])('the text of a message is found in %s', (_, message, text) => {
    expect(read(message)).toMatchObject({ text, id: 'ID1', chat: ANNA_PN, edits: undefined });
  });

  it('the parser gives an edit the new text and the id of the edited message', () => {
    const edit = {
      editedMessage: {
        message: {
          protocolMessage: {
            type: proto.Message.ProtocolMessage.Type.MESSAGE_EDIT,
            key: { id: 'OLD' },
            editedMessage: { conversation: '!ping' },
          },
        },
      },
    };
    expect(read(edit)).toMatchObject({ text: '!ping', edits: 'OLD', id: 'ID1' });
    // An answer and a reaction refer to the id that the phone shows.
    expect(read(edit)?.origin).toMatchObject({ key: { id: 'OLD' }, message: { conversation: '!ping' } });
  });

  it('the parser finds the media of an edited message and of its quote', () => {
    const quotedMessage = { stickerMessage: { directPath: '/quoted' } };
    const editedMessage = {
      imageMessage: { caption: '!sticker', directPath: '/own', contextInfo: { quotedMessage } },
    };
    const edit = read({ protocolMessage: { key: { id: 'OLD' }, editedMessage } });
    const origin = edit?.origin as Origin;
    expect(mediaIn(origin, 'own')?.part).toMatchObject({ directPath: '/own' });
    expect(mediaIn(origin, 'quoted')?.part).toMatchObject({ directPath: '/quoted' });
  });

  it('the parser tells the author of a quoted message', () => {
    const message = read({ extendedTextMessage: { text: '!who', contextInfo: quoted } });
    expect(message?.quoted).toEqual({ id: 'Q1', text: 'before', senderJid: ANNA_LID });
  });

  it('the parser ignores a quote without an id', () => {
    const contextInfo = { quotedMessage: { conversation: 'before' } };
    expect(read({ extendedTextMessage: { text: '!who', contextInfo } })?.quoted).toBeUndefined();
  });

  it('the parser reads mentions and the timer of a disappearing chat', () => {
    const contextInfo = { mentionedJid: [ANNA_LID, ANNA_PN], expiration: 86_400 };
    expect(read({ extendedTextMessage: { text: '!hi', contextInfo } })).toMatchObject({
      mentions: [ANNA_LID, ANNA_PN],
      expirationSeconds: 86_400,
    });
  });

  it('the parser recognises a message that is marked as written by a bot', () => {
    expect(read({ conversation: 'x', messageContextInfo: { botMetadata: {} } })?.isFromBot).toBe(true);
    expect(read({ conversation: 'x' })?.isFromBot).toBe(false);
  });

  it('the parser gives the sender one id under both addresses', () => {
    const byLid = read({ conversation: 'x' }, envelope({ from: ANNA_LID, sender_pn: ANNA_PN }));
    expect(byLid?.sender.id).toBe(read({ conversation: 'x' })?.sender.id);
    expect(byLid?.sender).toMatchObject({ number: '15550200001', jid: ANNA_LID });
  });
});

describe('media', () => {
  it.each<[string, proto.IMessage]>([
    ['image', { imageMessage: { mimetype: 'image/png', fileLength: 12 } }],
    ['video', { videoMessage: { mimetype: 'video/mp4', fileLength: 12 } }],
    ['audio', { audioMessage: { mimetype: 'audio/ogg', fileLength: 12 } }],
    ['sticker', { stickerMessage: { mimetype: 'image/webp', fileLength: 12 } }],
    ['document', { documentMessage: { mimetype: 'text/plain', fileLength: 12, fileName: 'a.txt' } }],
  ])('a %s without a word is a message', (kind, message) => {
    const { media, origin, text } = read(message) ?? {};
    expect(media).toMatchObject({ kind, sizeBytes: 12 });
    expect(text).toBe('');
    expect(mediaIn(origin as Origin, 'own')?.facts.kind).toBe(kind);
    expect(mediaIn(origin as Origin, 'quoted')).toBeUndefined();
  });

  it('the parser finds the media of the quoted message', () => {
    const contextInfo = { stanzaId: 'Q1', quotedMessage: { imageMessage: { mimetype: 'image/png' } } };
    const message = read({ extendedTextMessage: { text: '!sticker', contextInfo } });
    expect(message).toMatchObject({ media: undefined, quotedMedia: { kind: 'image' } });
    expect(mediaIn(message?.origin as Origin, 'quoted')?.facts.mimetype).toBe('image/png');
  });

  it('the parser reports media of unknown size and type as such', () => {
    expect(read({ imageMessage: {} })?.media).toEqual({
      kind: 'image',
      mimetype: 'application/octet-stream',
      sizeBytes: undefined,
      fileName: undefined,
    });
  });
});

const { Type } = proto.Message.ProtocolMessage;

describe('what nobody wrote', () => {
  it.each<[string, proto.IMessage]>([
    ['nothing', {}],
    ['empty text', { conversation: '' }],
    ['a quote without words', { extendedTextMessage: { text: '', contextInfo: quoted } }],
    ['an empty wrapper', { ephemeralMessage: {} }],
    ['an empty wrapper in a wrapper', { viewOnceMessage: { message: { ephemeralMessage: {} } } }],
    ['a copy of nothing', { deviceSentMessage: {} }],
    ['a reaction', { reactionMessage: { text: '👍', key: { id: 'X' } } }],
    ['a deletion', { protocolMessage: { type: Type.REVOKE, key: { id: 'X' } } }],
    ['an edit to nothing', { protocolMessage: { type: Type.MESSAGE_EDIT, editedMessage: {} } }],
    ['history', { protocolMessage: { type: Type.HISTORY_SYNC_NOTIFICATION } }],
    ['keys of a group', { senderKeyDistributionMessage: { groupId: GROUP } }],
    ['a poll vote', { pollUpdateMessage: {} }],
    ['a location', { locationMessage: { degreesLatitude: 1 } }],
    ['a contact without a name', { contactMessage: { vcard: 'BEGIN:VCARD' } }],
    ['a call', { call: {} }],
  ])('%s is no message for the bot', (_, message) => {
    expect(read(message)).toBeUndefined();
  });

  it('the parser does not unwrap a hundred wrappers', () => {
    let message: proto.IMessage = { conversation: '!ping' };
    for (let depth = 0; depth < 100; depth++) message = { ephemeralMessage: { message } };
    expect(toIncoming(fromAnna, message)).toBeUndefined();
  });
});

describe('whatever strangers send', () => {
  const anything = fc.uint8Array({ maxLength: 200 }).map((bytes) => {
    try {
      return proto.Message.decode(bytes) as proto.IMessage;
    } catch {
      return {};
    }
  });
  const text = fc.string();
  const leaf: fc.Arbitrary<proto.IMessage> = fc.oneof(
    anything,
    fc.record({ conversation: text }),
    fc.record({ extendedTextMessage: fc.record({ text, contextInfo: fc.constant(quoted) }) }),
    fc.record({ imageMessage: fc.record({ caption: text, mimetype: text }) }),
    fc.record({ protocolMessage: fc.record({ key: fc.record({ id: text }) }) }),
  );
  const wrapped = (message: proto.IMessage) =>
    fc.constantFrom<proto.IMessage>(
      message,
      { ephemeralMessage: { message } },
      { viewOnceMessageV2Extension: { message } },
      { editedMessage: { message: { protocolMessage: { editedMessage: message } } } },
      { deviceSentMessage: { message } },
      { extendedTextMessage: { text: 'x', contextInfo: { stanzaId: 'Q', quotedMessage: message } } },
    );
  const messages = leaf.chain(wrapped).chain(wrapped);

  it('toIncoming never throws, and returns complete plain data', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const incoming = toIncoming(fromAnna, wire(message));
        if (!incoming) return;
        expect(incoming.text).toBeTypeOf('string');
        expect(incoming.key).toBe(messageKey(fromAnna));
        expect(incoming.media !== undefined || incoming.text !== '').toBe(true);
        expect(() => mediaIn(incoming.origin as Origin, 'own')).not.toThrow();
        expect(() => mediaIn(incoming.origin as Origin, 'quoted')).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });
});
