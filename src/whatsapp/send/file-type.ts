import { AppError } from '../../core/errors.ts';
import type { MediaKind } from '../../core/messages/incoming-message.ts';

const latin1 = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.subarray(from, to)).toString('latin1');

/** Brands of ISO base media files (`ftyp`), by their MIME type. The default is MP4. */
const BRANDS: ReadonlyArray<readonly [RegExp, string]> = [
  [/^(M4A |M4B |M4P )/, 'audio/mp4'],
  [/^3g/, 'video/3gpp'],
  [/^qt/, 'video/quicktime'],
  [/^(he(ic|ix|im|is|vc|vx|vm|vs)|mif1|msf1)/, 'image/heic'],
  [/^(avif|avis)/, 'image/avif'],
];

/** MIME types by the first bytes of a file, in hexadecimal. */
const SIGNATURES: ReadonlyArray<readonly [RegExp, string]> = [
  [/^ffd8ff/, 'image/jpeg'],
  [/^89504e470d0a1a0a/, 'image/png'],
  [/^47494638(37|39)61/, 'image/gif'],
  [/^52494646.{8}57454250/, 'image/webp'],
  [/^52494646.{8}57415645/, 'audio/wav'],
  [/^52494646.{8}41564920/, 'video/x-msvideo'],
  [/^424d.{8}00000000/, 'image/bmp'],
  [/^(49492a00|4d4d002a)/, 'image/tiff'],
  // An Ogg page whose first packet is OpusHead, or \x80theora.
  [/^4f676753.{48}4f70757348656164/, 'audio/ogg; codecs=opus'],
  [/^4f676753.{48}807468656f7261/, 'video/ogg'],
  [/^4f676753/, 'audio/ogg'],
  [/^664c6143/, 'audio/flac'],
  [/^2321414d52/, 'audio/amr'],
  [/^494433/, 'audio/mpeg'],
  // ADTS has the layer 00, MPEG audio one of the others. ff fe is the mark of a text in UTF-16.
  [/^fff[0189]/, 'audio/aac'],
  [/^ff(e[2-7]|f[2-7abcdf])/, 'audio/mpeg'],
  // Matroska, and WebM if it names itself so.
  [/^1a45dfa3.{0,120}7765626d/, 'video/webm'],
  [/^1a45dfa3/, 'video/x-matroska'],
  [/^255044462d/, 'application/pdf'],
  [/^504b0304/, 'application/zip'],
];

const LONGEST_SIGNATURE = 80;

/** The MIME type of a file, read off its first bytes. Undefined if they are of no known kind. */
export function fileTypeOf(data: Uint8Array): string | undefined {
  if (latin1(data, 4, 8) === 'ftyp') {
    const brand = latin1(data, 8, 12);
    return BRANDS.find(([pattern]) => pattern.test(brand))?.[1] ?? 'video/mp4';
  }
  const start = Buffer.from(data.subarray(0, LONGEST_SIGNATURE)).toString('hex');
  return SIGNATURES.find(([pattern]) => pattern.test(start))?.[1];
}

/** Whether a WebP file has more than one frame: bit 1 of the flags in its `VP8X` chunk. */
export const isAnimatedWebp = (data: Uint8Array): boolean =>
  fileTypeOf(data) === 'image/webp' && latin1(data, 12, 16) === 'VP8X' && ((data[20] ?? 0) & 0b10) !== 0;

/** What phones show of each kind. An MP4 file may have sound only. */
const ALLOWED: Readonly<Record<MediaKind, RegExp>> = {
  image: /^image\//,
  video: /^video\//,
  audio: /^(audio\/|video\/(mp4|3gpp|ogg|webm))/,
  sticker: /^image\/webp/,
  document: /./,
};

/**
 * The MIME type that a file is sent with: the one that its bytes show, else the one that the caller says. If both are
 * of the same kind, the caller's is taken, because it may say more (`audio/ogg; codecs=opus`). Undefined if neither is
 * known. Throws `SEND_REFUSED` if the bytes are of another kind than what the file is sent as: phones would show an
 * empty message.
 */
export function mimetypeFor(
  kind: MediaKind,
  data: Uint8Array,
  stated: string | undefined,
): string | undefined {
  const found = fileTypeOf(data);
  if (found === undefined) return stated;
  if (!ALLOWED[kind].test(found)) {
    const wanted = kind === 'sticker' ? 'a WebP file' : `a file of type ${kind}`;
    throw new AppError(
      'SEND_REFUSED',
      `The file of this ${kind} contains ${found}. Send ${wanted}, or send the file as a document.`,
    );
  }
  if (kind === 'document') return stated ?? found;
  if (kind === 'audio' && found.startsWith('video/')) return stated ?? found.replace('video/', 'audio/');
  return stated !== undefined && isSameType(stated, found) ? stated : found;
}

const ALIASES: Readonly<Record<string, string>> = {
  'audio/mp3': 'audio/mpeg',
  'audio/x-wav': 'audio/wav',
  'audio/wave': 'audio/wav',
  'audio/m4a': 'audio/mp4',
  'audio/x-m4a': 'audio/mp4',
  'audio/opus': 'audio/ogg',
  'image/jpg': 'image/jpeg',
};

function isSameType(stated: string, found: string): boolean {
  const [a = '', b = ''] = [stated, found].map((type) => type.split(';', 1)[0]?.trim().toLowerCase());
  return (ALIASES[a] ?? a) === b;
}
