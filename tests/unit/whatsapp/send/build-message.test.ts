import { proto, type WAMediaUploadFunction } from '@whiskeysockets/baileys';
import { describe, expect, it } from 'vitest';
import type { IncomingMessage } from '../../../../src/core/messages/incoming-message.ts';
import type { Content } from '../../../../src/core/messages/outgoing-message.ts';
import {
  mediaIn,
  type Origin,
  readEnvelope,
  toIncoming,
} from '../../../../src/whatsapp/receive/parse-message.ts';
import {
  additionalNodes,
  buildMessage,
  toBaileysContent,
} from '../../../../src/whatsapp/send/build-message.ts';

const ME = { id: '15550100000:3@s.whatsapp.net', lid: undefined };
const CHAT = '15550200001@s.whatsapp.net';
const data = Uint8Array.of(1, 2, 3);

function incoming(message: proto.IMessage): IncomingMessage {
  const made = toIncoming(readEnvelope({ id: 'ASKED', from: CHAT, t: '1700000000' }, ME), message);
  if (!made) throw new Error('this is no message');
  return made;
}

const asked = incoming({ conversation: '!ping' });
const noUpload: WAMediaUploadFunction = () => Promise.reject(new Error('nothing is to be uploaded'));
const account = () => ({ id: ME.id, upload: noUpload, signal: new AbortController().signal });

const CONTENTS: ReadonlyArray<readonly [Content, object]> = [
  [
    { kind: 'text', text: 'hi', mentions: [CHAT] },
    { text: 'hi', mentions: [CHAT], linkPreview: null },
  ],
  [
    { kind: 'text', text: 'https://example.com' },
    { linkPreview: null, mentions: [] },
  ],
  [{ kind: 'reaction', emoji: '👍', to: asked }, { react: { text: '👍', key: { id: 'ASKED' } } }],
  [
    { kind: 'poll', question: 'When?', options: ['now', 'later'], maxChoices: 1 },
    { poll: { name: 'When?', values: ['now', 'later'], selectableCount: 1 } },
  ],
  [
    { kind: 'image', data, caption: 'c' },
    { image: Buffer.from(data), caption: 'c' },
  ],
  [
    { kind: 'video', data, mimetype: 'video/webm' },
    { video: Buffer.from(data), mimetype: 'video/webm' },
  ],
  [
    { kind: 'audio', data, mimetype: 'audio/ogg' },
    { audio: Buffer.from(data), mimetype: 'audio/ogg' },
  ],
  [{ kind: 'sticker', data }, { sticker: Buffer.from(data) }],
  [
    { kind: 'document', data },
    { document: Buffer.from(data), mimetype: 'application/octet-stream', fileName: 'file' },
  ],
  [
    { kind: 'document', data, fileName: 'a.txt', mimetype: 'text/plain', caption: 'c' },
    { fileName: 'a.txt', mimetype: 'text/plain', caption: 'c' },
  ],
];

describe('toBaileysContent', () => {
  it.each(CONTENTS)('toBaileysContent converts %o', (content, expected) => {
    expect(toBaileysContent(content)).toMatchObject(expected);
  });
});

describe('buildMessage', () => {
  it('buildMessage makes a plain text', async () => {
    const message = await buildMessage(
      { id: 'A', chat: CHAT, content: { kind: 'text', text: 'pong' } },
      account(),
    );
    expect(message.extendedTextMessage?.text ?? message.conversation).toBe('pong');
  });

  it('buildMessage quotes the text of the message that a reply answers', async () => {
    const reply = { id: 'A', chat: CHAT, content: { kind: 'text', text: 'pong' }, quote: asked } as const;
    const { extendedTextMessage } = await buildMessage(reply, account());
    expect(extendedTextMessage?.contextInfo).toMatchObject({
      stanzaId: 'ASKED',
      participant: CHAT,
      quotedMessage: { conversation: '!ping' },
    });
  });

  it('buildMessage leaves the quoted message unchanged, so that its media can still be found', async () => {
    const contextInfo = { stanzaId: 'PICTURE', quotedMessage: { imageMessage: { directPath: '/a' } } };
    const message = proto.Message.fromObject({ extendedTextMessage: { text: '!sticker', contextInfo } });
    const quote = incoming(message);
    await buildMessage(
      { id: 'A', chat: CHAT, content: { kind: 'text', text: 'one moment…' }, quote },
      account(),
    );
    expect(mediaIn(quote.origin as Origin, 'quoted')?.part).toMatchObject({ directPath: '/a' });
  });

  it.each<[string, proto.IMessage]>([
    ['a long text', { conversation: `!${'🙂'.repeat(250_000)}` }],
    ['a long text with more to it', { extendedTextMessage: { text: `!${'🙂'.repeat(250_000)}` } }],
    [
      'a long text in a disappearing chat',
      { ephemeralMessage: { message: { conversation: `!${'🙂'.repeat(250_000)}` } } },
    ],
    ['a long caption', { imageMessage: { caption: `!${'🙂'.repeat(250_000)}` } }],
  ])('a reply quotes only the beginning of %s', async (_, message) => {
    const reply = {
      id: 'A',
      chat: CHAT,
      content: { kind: 'text', text: 'pong' },
      quote: incoming(message),
    } as const;
    const { extendedTextMessage } = await buildMessage(reply, account());
    expect(extendedTextMessage?.contextInfo).toMatchObject({
      stanzaId: 'ASKED',
      quotedMessage: { conversation: `!${'🙂'.repeat(499)}` },
    });
  });

  it('buildMessage quotes the text of an own message without its wrapper', async () => {
    const sentByOwner = { deviceSentMessage: { destinationJid: CHAT, message: { conversation: '!ping' } } };
    const content = { kind: 'text', text: 'pong' } as const;
    const reply = { id: 'A', chat: CHAT, content, quote: incoming(sentByOwner) };
    const { extendedTextMessage } = await buildMessage(reply, account());
    expect(extendedTextMessage?.contextInfo?.quotedMessage).toEqual({ conversation: '!ping' });
  });

  it('buildMessage quotes a small thumbnail and drops a large one', async () => {
    const quotedWith = async (bytes: number) => {
      const imageMessage = { caption: '!sticker', jpegThumbnail: Buffer.alloc(bytes) };
      const content = { kind: 'text', text: 'pong' } as const;
      const reply = { id: 'A', chat: CHAT, content, quote: incoming({ imageMessage }) };
      const { extendedTextMessage } = await buildMessage(reply, account());
      return extendedTextMessage?.contextInfo?.quotedMessage;
    };
    expect((await quotedWith(10_000))?.imageMessage?.jpegThumbnail).toHaveLength(10_000);
    expect(await quotedWith(1_000_000)).toMatchObject({ conversation: '!sticker' });
  });

  it('buildMessage uploads a file with a limit on the time without progress', async () => {
    let limitMs: number | undefined;
    const upload: WAMediaUploadFunction = async (_, { timeoutMs }) => {
      limitMs = timeoutMs;
      return { mediaUrl: 'https://mmg.whatsapp.net/a', directPath: '/a' };
    };
    await buildMessage(
      { id: 'A', chat: CHAT, content: { kind: 'document', data } },
      { ...account(), upload },
    );
    expect(limitMs).toBe(20_000);
  });

  it('buildMessage gives a reply in a disappearing chat the timer of the chat', async () => {
    const content = { kind: 'text', text: 'pong' } as const;
    const message = await buildMessage(
      { id: 'A', chat: CHAT, content, expirationSeconds: 86_400 },
      account(),
    );
    const inner = message.ephemeralMessage?.message ?? message;
    expect(inner.extendedTextMessage?.contextInfo?.expiration).toBe(86_400);
  });

  it('buildMessage does not fetch an address in a text', async () => {
    const content = { kind: 'text', text: 'see http://127.0.0.1:1/secret' } as const;
    const message = await buildMessage({ id: 'A', chat: CHAT, content }, account());
    expect(message.extendedTextMessage?.matchedText ?? '').toBe('');
  });
});

describe('additionalNodes', () => {
  it('buildMessage marks a poll, and no other content', () => {
    const polls = CONTENTS.filter(([content]) => additionalNodes(content).length > 0);
    expect(polls.map(([{ kind }]) => kind)).toEqual(['poll']);
  });
});
