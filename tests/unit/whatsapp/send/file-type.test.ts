import { describe, expect, it } from 'vitest';
import type { MediaKind } from '../../../../src/core/messages/incoming-message.ts';
import { fileTypeOf, isAnimatedWebp, mimetypeFor } from '../../../../src/whatsapp/send/file-type.ts';

const bytes = (text: string): Uint8Array => Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(60)]);
const webp = (flags: number): Uint8Array => {
  const file = bytes('RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0');
  file[20] = flags;
  return file;
};

const FILES: Readonly<Record<string, Uint8Array>> = {
  'image/jpeg': bytes('\xff\xd8\xff\xe0'),
  'image/png': bytes('\x89PNG\r\n\x1a\n'),
  'image/gif': bytes('GIF89a'),
  'image/webp': webp(0),
  'image/heic': bytes('\0\0\0\x18ftypheic'),
  'image/avif': bytes('\0\0\0\x18ftypavif'),
  'video/mp4': bytes('\0\0\0\x18ftypisom'),
  'video/3gpp': bytes('\0\0\0\x18ftyp3gp5'),
  'video/quicktime': bytes('\0\0\0\x14ftypqt  '),
  'video/webm': bytes('\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm'),
  'video/x-matroska': bytes('\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x88matroska'),
  'video/x-msvideo': bytes('RIFF\0\0\0\0AVI '),
  'audio/wav': bytes('RIFF\0\0\0\0WAVE'),
  'audio/mpeg': bytes('\xff\xfb\x90\x64'),
  'audio/aac': bytes('\xff\xf1\x50\x80'),
  'audio/flac': bytes('fLaC'),
  'audio/amr': bytes('#!AMR\n'),
  'audio/mp4': bytes('\0\0\0\x18ftypM4A '),
  'audio/ogg; codecs=opus': bytes(`OggS${'\0'.repeat(24)}OpusHead`),
  'audio/ogg': bytes(`OggS${'\0'.repeat(24)}\x01vorbis`),
  'application/pdf': bytes('%PDF-1.7'),
  'application/zip': bytes('PK\x03\x04'),
};
const of = (type: string): Uint8Array => FILES[type] ?? bytes('no signature');

describe('fileTypeOf', () => {
  it.each(Object.keys(FILES))('fileTypeOf recognises %s', (type) => {
    expect(fileTypeOf(of(type))).toBe(type);
  });

  it('fileTypeOf recognises an MP3 with a tag', () => {
    expect(fileTypeOf(bytes('ID3\x04'))).toBe('audio/mpeg');
  });

  it('fileTypeOf recognises a HEIC file with several pictures', () => {
    expect(fileTypeOf(bytes('\0\0\0\x18ftyphevc'))).toBe('image/heic');
  });

  it.each([
    ['text', bytes('hello')],
    ['nothing', Uint8Array.of()],
    ['three bytes', Uint8Array.of(1, 2, 3)],
  ])('fileTypeOf does not recognise %s', (_, data) => {
    expect(fileTypeOf(data)).toBeUndefined();
  });
});

describe('mimetypeFor', () => {
  it.each<[MediaKind, string, string | undefined, string]>([
    ['audio', 'audio/mpeg', undefined, 'audio/mpeg'],
    ['audio', 'audio/wav', undefined, 'audio/wav'],
    ['audio', 'audio/wav', 'audio/x-wav', 'audio/x-wav'],
    ['audio', 'audio/mpeg', 'audio/ogg; codecs=opus', 'audio/mpeg'],
    ['audio', 'audio/ogg; codecs=opus', undefined, 'audio/ogg; codecs=opus'],
    ['audio', 'audio/ogg', 'audio/ogg; codecs=opus', 'audio/ogg; codecs=opus'],
    ['audio', 'video/mp4', undefined, 'audio/mp4'],
    ['video', 'video/webm', 'video/mp4', 'video/webm'],
    ['image', 'image/png', undefined, 'image/png'],
    ['image', 'image/gif', 'image/jpeg', 'image/gif'],
    [
      'document',
      'application/zip',
      'application/vnd.oasis.opendocument.text',
      'application/vnd.oasis.opendocument.text',
    ],
    ['document', 'application/pdf', undefined, 'application/pdf'],
  ])('mimetypeFor sends as %s what is %s and said to be %s as %s', (kind, found, stated, expected) => {
    expect(mimetypeFor(kind, of(found), stated)).toBe(expected);
  });

  it.each<[MediaKind, string]>([
    ['video', 'image/gif'],
    ['image', 'audio/mpeg'],
    ['audio', 'image/png'],
    ['sticker', 'image/png'],
    ['image', 'application/pdf'],
  ])('a send is refused if the file is sent as %s and is %s, by name', (kind, found) => {
    expect(() => mimetypeFor(kind, of(found), undefined)).toThrow(
      expect.objectContaining({ code: 'SEND_REFUSED', message: expect.stringContaining(found) }),
    );
  });

  it('mimetypeFor takes the type of the caller for bytes of no known kind', () => {
    expect(mimetypeFor('audio', bytes('noise'), 'audio/ogg')).toBe('audio/ogg');
    expect(mimetypeFor('audio', bytes('noise'), undefined)).toBeUndefined();
  });
});

it('fileTypeOf recognises an animated WebP file', () => {
  expect([isAnimatedWebp(webp(0b10)), isAnimatedWebp(webp(0)), isAnimatedWebp(of('image/png'))]).toEqual([
    true,
    false,
    false,
  ]);
});
