import { proto } from '@whiskeysockets/baileys';
import { describe, expect, it } from 'vitest';
import { mediaOf, textOf, unwrap } from '../../../../src/whatsapp/receive/message-content.ts';

const text = { conversation: '!ping' };
const mediaKey = new Uint8Array(32).fill(1);
const file = { directPath: '/v/x', mediaKey, fileLength: 9 };

/** The message as it arrives: encoded and decoded once. */
const wired = (message: proto.IMessage): proto.IMessage =>
  proto.Message.decode(proto.Message.encode(proto.Message.fromObject(message)).finish());

describe('unwrap', () => {
  it.each<[string, proto.IMessage]>([
    ['a message without a wrapper', text],
    ['a disappearing message', { ephemeralMessage: { message: text } }],
    ['a view-once message', { viewOnceMessageV2: { message: text } }],
    ['a copy from another device', { deviceSentMessage: { destinationJid: 'x', message: text } }],
    ['an edited message', { editedMessage: { message: text } }],
    ['a message that mentions a group', { groupMentionedMessage: { message: text } }],
    ['a message that invokes a bot', { botInvokeMessage: { message: text } }],
    ['a question', { questionMessage: { message: text } }],
    [
      'wrappers in wrappers',
      {
        deviceSentMessage: {
          message: { ephemeralMessage: { message: { viewOnceMessage: { message: text } } } },
        },
      },
    ],
  ])('unwrap finds the text of %s', (_, message) => {
    expect(textOf(unwrap(wired(message)))).toBe('!ping');
  });

  it('unwrap removes a wrapper that is not known yet', () => {
    const message = { wrapperOfNextYear: { message: text } } as proto.IMessage;
    expect(textOf(unwrap(message))).toBe('!ping');
  });

  it('unwrap keeps the secret that stands beside the wrapper', () => {
    const messageContextInfo = { messageSecret: mediaKey };
    const inner = unwrap({ ephemeralMessage: { message: text }, messageContextInfo });
    expect(inner.messageContextInfo).toEqual(messageContextInfo);
  });

  it('unwrap removes six wrappers', () => {
    let message: proto.IMessage = text;
    for (let depth = 0; depth < 6; depth += 1) message = { ephemeralMessage: { message } };
    expect(textOf(unwrap(message))).toBe('!ping');
  });

  it('unwrap finds no content in a message that has too many wrappers', () => {
    let message: proto.IMessage = text;
    for (let depth = 0; depth < 50; depth += 1) message = { ephemeralMessage: { message } };
    expect(textOf(unwrap(message))).toBe('');
  });
});

describe('textOf', () => {
  const { Type } = proto.Message.ButtonsResponseMessage;
  it.each<[string, proto.IMessage]>([
    ['an extended text', { extendedTextMessage: { text: 'words' } }],
    ['a caption', { documentMessage: { caption: 'words' } }],
    [
      'a pressed button',
      { buttonsResponseMessage: { selectedDisplayText: 'words', type: Type.DISPLAY_TEXT } },
    ],
    ['a chosen row of a list', { listResponseMessage: { title: 'words' } }],
    ['a button of a template', { templateButtonReplyMessage: { selectedDisplayText: 'words' } }],
    ['an interactive answer', { interactiveResponseMessage: { body: { text: 'words' } } }],
    ['a template', { templateMessage: { hydratedTemplate: { hydratedContentText: 'words' } } }],
    ['buttons', { buttonsMessage: { contentText: 'words' } }],
    ['a list', { listMessage: { description: 'words', title: 'other' } }],
    ['an interactive message', { interactiveMessage: { body: { text: 'words' } } }],
    ['an interactive header', { interactiveMessage: { header: { title: 'words' } } }],
    ['a poll', { pollCreationMessageV3: { name: 'words' } }],
    ['an event', { eventMessage: { name: 'words' } }],
    ['a contact', { contactMessage: { displayName: 'words' } }],
    ['contacts', { contactsArrayMessage: { displayName: 'words' } }],
    ['a location', { locationMessage: { name: 'words', jpegThumbnail: new Uint8Array(9) } }],
    ['a live location', { liveLocationMessage: { caption: 'words' } }],
    ['a button that has an id alone', { buttonsResponseMessage: { selectedButtonId: 'words' } }],
    [
      'a row of a list that has an id alone',
      { listResponseMessage: { title: '', singleSelectReply: { selectedRowId: 'words' } } },
    ],
    ['a button of a template that has an id alone', { templateButtonReplyMessage: { selectedId: 'words' } }],
    ['a row of a list without a title', { listResponseMessage: { description: 'words' } }],
    ['a round video note', { ptvMessage: { caption: 'words' } }],
    ['an invitation to a group', { groupInviteMessage: { caption: 'words', groupName: 'other' } }],
    ['the title of a template', { templateMessage: { hydratedTemplate: { hydratedTitleText: 'words' } } }],
    [
      'the caption in the header of a template',
      { templateMessage: { hydratedTemplate: { imageMessage: { ...file, caption: 'words' } } } },
    ],
    ['the caption above buttons', { buttonsMessage: { imageMessage: { ...file, caption: 'words' } } }],
    ['an interactive subtitle', { interactiveMessage: { header: { subtitle: 'words' } } }],
    ['an event without a name', { eventMessage: { description: 'words' } }],
    ['contacts without a common name', { contactsArrayMessage: { contacts: [{ displayName: 'words' }] } }],
    ['the comment of a location', { locationMessage: { comment: 'words' } }],
    ['an order', { orderMessage: { message: 'words' } }],
  ])('textOf reads %s', (_, message) => {
    expect(textOf(wired(message))).toBe('words');
  });

  it('textOf finds no text in a reaction', () => {
    expect(textOf(wired({ reactionMessage: { text: '👍' } }))).toBe('');
  });
});

describe('mediaOf', () => {
  it.each<[string, proto.IMessage, string]>([
    ['a picture', { imageMessage: file }, 'image'],
    ['a round video note', { ptvMessage: file }, 'video'],
    ['a voice note', { audioMessage: { ...file, ptt: true } }, 'audio'],
    ['a lottie sticker', { lottieStickerMessage: { message: { stickerMessage: file } } }, 'sticker'],
    ['the picture of a template', { templateMessage: { hydratedTemplate: { imageMessage: file } } }, 'image'],
    [
      'the video of an interactive header',
      { interactiveMessage: { header: { videoMessage: file } } },
      'video',
    ],
  ])('mediaOf finds %s', (_, message, kind) => {
    expect(mediaOf(unwrap(wired(message)))?.facts).toMatchObject({ kind, sizeBytes: 9 });
  });

  it.each([
    ['image/avif', 'image'],
    ['application/zip', 'document'],
    [undefined, 'document'],
  ])('mediaOf finds media of type %s in a field that is not known yet', (mimetype, kind) => {
    const message = { fileOfNextYear: { ...file, mimetype } } as proto.IMessage;
    expect(mediaOf(message)?.facts.kind).toBe(kind);
  });

  it.each<[string, proto.IMessage]>([
    [
      'what a message quotes',
      { extendedTextMessage: { text: 'x', contextInfo: { quotedMessage: { imageMessage: file } } } },
    ],
    ['a history of the own account', { protocolMessage: { historySyncNotification: file } }],
  ])('mediaOf does not take the file of %s', (_, message) => {
    expect(mediaOf(wired(message))).toBeUndefined();
  });
});
