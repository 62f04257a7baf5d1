import sharp from 'sharp';
import { expect, test } from 'vitest';
import { type Say, toContent } from '../../../../src/bot/send/say.ts';

const DATA = new Uint8Array([1]);
const LONGEST = {
  poll: 'q'.repeat(255),
  options: Array.from({ length: 12 }, (_, index) => `${index}`.padEnd(100, 'x')),
};
const none = () => [];

test('a file of 64 MiB may be sent', () => {
  const document = new Uint8Array(64 * 1024 * 1024);
  expect(toContent({ document, fileName: 'x' }, none).kind).toBe('document');
});

test.each<[sentence: string, say: Say, content: object]>([
  ['a string', 'hello', { kind: 'text', text: 'hello' }],
  [
    'a text with mentions',
    { text: '@1 hi', mentions: [{ jid: '1@lid' }, { jid: '1@lid' }] },
    { kind: 'text', text: '@1 hi', mentions: ['1@lid'] },
  ],
  ['the longest text', 'x'.repeat(65_536), { kind: 'text', text: 'x'.repeat(65_536) }],
  ['an image', { image: DATA, caption: 'c' }, { kind: 'image', data: DATA, caption: 'c' }],
  ['a video', { video: DATA, mimetype: 'video/mp4' }, { kind: 'video', data: DATA, mimetype: 'video/mp4' }],
  ['a sound', { audio: DATA }, { kind: 'audio', data: DATA }],
  ['a sticker', { sticker: DATA }, { kind: 'sticker', data: DATA, mimetype: 'image/webp' }],
  ['a document', { document: DATA, fileName: 'a.pdf' }, { kind: 'document', data: DATA, fileName: 'a.pdf' }],
  [
    'a poll',
    { poll: 'q', options: ['a', 'b'], maxChoices: 9 },
    { kind: 'poll', question: 'q', options: ['a', 'b'], maxChoices: 2 },
  ],
  [
    'the longest poll',
    LONGEST,
    { kind: 'poll', question: LONGEST.poll, options: LONGEST.options, maxChoices: 1 },
  ],
])('toContent converts %s', (_sentence, say, content) => {
  expect(toContent(say, none)).toEqual(content);
});

test.each<[sentence: string, say: Say]>([
  ['no text', ' \n'],
  ['a text that is too long', 'x'.repeat(65_537)],
  ['a caption that is too long', { image: DATA, caption: 'x'.repeat(65_537) }],
  ['an empty file', { image: new Uint8Array(0) }],
  ['a file that is too large', { document: new Uint8Array(64 * 1024 * 1024 + 1), fileName: 'x' }],
  ['a poll with one option', { poll: 'q', options: ['a'] }],
  ['a poll with 13 options', { poll: 'q', options: Array.from({ length: 13 }, (_, index) => `${index}`) }],
  ['a poll with the same option twice', { poll: 'q', options: ['a', 'a'] }],
  ['a poll with a question that is too long', { poll: 'q'.repeat(256), options: ['a', 'b'] }],
  ['a poll with an option that is too long', { poll: 'q', options: ['a', 'x'.repeat(101)] }],
  ['a poll without a question', { poll: '', options: ['a', 'b'] }],
  ['a poll with an empty option', { poll: 'q', options: ['a', ' '] }],
])('a say is refused for %s', (_sentence, say) => {
  expect(() => toContent(say, none)).toThrow(expect.objectContaining({ code: 'SEND_REFUSED' }));
});

test.each<[sentence: string, say: Say, content: object]>([
  [
    'a voice note',
    { audio: DATA, voice: true, seconds: 3 },
    { kind: 'audio', as: 'voice', seconds: 3, mimetype: 'audio/ogg; codecs=opus' },
  ],
  ['a GIF', { video: DATA, gif: true }, { kind: 'video', as: 'gif' }],
  ['a round video note', { video: DATA, videoNote: true }, { kind: 'video', as: 'video-note' }],
  ['an image to be looked at once', { image: DATA, viewOnce: true }, { kind: 'image', isViewOnce: true }],
  [
    'a caption with a mention',
    { image: DATA, caption: '@1', mentions: [{ jid: '1@lid' }] },
    { mentions: ['1@lid'] },
  ],
  [
    'a place',
    { location: { latitude: 1, longitude: 2, name: 'Here' } },
    { kind: 'location', latitude: 1, name: 'Here' },
  ],
  ['a contact', { contacts: [{ name: 'Ann', numbers: ['15551230001'] }] }, { kind: 'contacts' }],
])('toContent converts %s with its own fields', (_sentence, say, content) => {
  expect(toContent(say, none)).toMatchObject(content);
});

test.each<[sentence: string, say: unknown, named: RegExp]>([
  ['a shape that is not known', { picture: DATA }, /"picture"/],
  ['a field that is not known', { audio: DATA, vioce: true }, /"vioce" .* voice/],
  ['a number', 7, /number/],
  ['nothing', undefined, /undefined/],
  ['null', null, /^Nothing /],
  ['a list', ['hello'], /list/],
  ['no field', {}, /text, poll/],
  ['a text that is a number', { text: 5 }, /"text" in "text"/],
  ['a mention without a jid', { text: 'hi', mentions: ['15551230001'] }, /"mentions" .* jid/],
  ['a path in place of a file', { image: './cat.png' }, /"image" .* bytes/],
  ['a file as base64', { document: 'JVBERi0=', fileName: 'a.pdf' }, /"document" .* bytes/],
  ['a document without a name', { document: DATA }, /"fileName" is missing/],
  ['a caption that is none', { video: DATA, caption: 7 }, /"caption" .* text/],
  ['a switch that is a text', { image: DATA, viewOnce: 'yes' }, /"viewOnce" .* true or false/],
  ['a GIF that is a video note too', { video: DATA, gif: true, videoNote: true }, /gif or a videoNote/],
  ['a length that is no number', { audio: DATA, voice: true, seconds: Number.NaN }, /"seconds"/],
  ['a waveform of two values', { audio: DATA, voice: true, waveform: new Uint8Array(2) }, /"waveform" .* 64/],
  ['a waveform above 100', { audio: DATA, waveform: new Uint8Array(64).fill(101) }, /"waveform" .* 100/],
  ['a waveform as a list', { audio: DATA, waveform: Array.from({ length: 64 }, () => 1) }, /"waveform"/],
  ['a poll without options', { poll: 'Lunch?' }, /"options" is missing/],
  ['options that are no texts', { poll: 'q', options: [1, 2] }, /"options" .* list of texts/],
  ['short names of a place', { location: { lat: 1, lng: 2 } }, /"lat" .* latitude/],
  ['a place with a further field', { location: { latitude: 1, longitude: 2, title: 'x' } }, /"title"/],
  ['a place without its longitude', { location: { latitude: 1 } }, /"longitude" is missing/],
  ['a contact with one number', { contacts: [{ name: 'A', number: '15551230001' }] }, /"number" .* numbers/],
  ['a place that is not on earth', { location: { latitude: 91, longitude: 0 } }, /latitude/],
  ['a contact without a name', { contacts: [{ name: '', numbers: [] }] }, /contact/],
])('a say is refused by the name of its fault: %s', (_sentence, say, named) => {
  expect(() => toContent(say as Say, none)).toThrow(
    expect.objectContaining({ code: 'SEND_REFUSED', message: expect.stringMatching(named) }),
  );
});

test('a field that may be left out may be undefined', () => {
  const say = { image: DATA, caption: undefined, mentions: undefined } as unknown as Say;
  expect(toContent(say, none)).toEqual({ kind: 'image', data: DATA });
});

test('a sticker names its pack and author, and stays a valid picture', async () => {
  const webp = await sharp({ create: { width: 64, height: 64, channels: 4, background: '#f008' } })
    .webp()
    .toBuffer();
  const content = toContent({ sticker: webp, pack: 'Cats', author: 'Anna' }, none);
  if (content.kind !== 'sticker') throw new Error('no sticker');
  const { exif, width, hasAlpha } = await sharp(content.data).metadata();
  expect({ width, hasAlpha }).toEqual({ width: 64, hasAlpha: true });
  expect(exif?.toString('latin1')).toContain('"sticker-pack-name":"Cats","sticker-pack-publisher":"Anna"');
});
