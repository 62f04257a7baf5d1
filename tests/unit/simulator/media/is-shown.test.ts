import { expect, test } from 'vitest';
import { isShown } from '../../../../src/simulator/media/is-shown.ts';

const MP3 = Buffer.from('ID3\x03\0 a song', 'latin1');
const MP3_FRAME = Buffer.from([0xff, 0xfb, 0x90, 0x64, 0, 0]);
const AAC = Buffer.from([0xff, 0xf1, 0x50, 0x80, 0, 0]);
const WAV = Buffer.from('RIFF\x24\0\0\0WAVEfmt ', 'latin1');
const OGG = Buffer.from('OggS\0\x02', 'latin1');
const GIF = Buffer.from('GIF89a\x01\0', 'latin1');
const MP4 = Buffer.from('\0\0\0\x18ftypisom', 'latin1');
const WEBP = Buffer.from('RIFF\x24\0\0\0WEBPVP8 ', 'latin1');

test.each([
  ['an MP3 that says so', 'audio', 'audio/mpeg', MP3],
  ['an MP3 without a tag', 'audio', 'audio/mpeg', MP3_FRAME],
  ['an AAC file that says so', 'audio', 'audio/aac', AAC],
  ['a WAV file that says so', 'audio', 'audio/wav', WAV],
  ['an Opus voice note', 'audio', 'audio/ogg; codecs=opus', OGG],
  ['an MP4 video', 'video', 'video/mp4', MP4],
  ['a WebP sticker', 'sticker', 'image/webp', WEBP],
  ['a document with any bytes', 'document', 'application/pdf', MP3],
  ['a type whose beginning is not known', 'audio', 'audio/amr', MP3],
] as const)('a phone shows %s', (_, type, mimetype, data) => {
  expect(isShown(type, mimetype, data)).toBe(true);
});

test.each([
  ['an MP3 that claims to be Opus', 'audio', 'audio/ogg; codecs=opus', MP3],
  ['a WAV file that claims to be Opus', 'audio', 'audio/ogg; codecs=opus', WAV],
  ['an AAC file that claims to be an MP3', 'audio', 'audio/mpeg', AAC],
  ['a GIF that claims to be an MP4', 'video', 'video/mp4', GIF],
  ['a GIF as a video', 'video', 'image/gif', GIF],
  ['a GIF as a sticker', 'sticker', 'image/gif', GIF],
  ['a WAV file as a sticker', 'sticker', 'image/webp', WAV],
  ['a file without bytes', 'image', 'image/png', Buffer.alloc(0)],
] as const)('a phone does not show %s', (_, type, mimetype, data) => {
  expect(isShown(type, mimetype, data)).toBe(false);
});
