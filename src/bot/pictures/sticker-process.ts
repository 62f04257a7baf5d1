/**
 * The program of the child process that makes a sticker: a picture on stdin, a WebP of 512 × 512 on stdout, animated if
 * the picture is. It ends with 1 if the picture cannot be decoded. Its parent limits its memory, so that a hostile
 * picture ends only this process.
 */
import { buffer } from 'node:stream/consumers';
import sharp from 'sharp';

/** How long decoding may take. The parent ends the process a little later. */
const SECONDS = 15;
/** Frames of an animated picture that are kept. All of them are in memory together. */
const MAX_FRAMES = 60;

// One thread and no cache: each costs memory.
sharp.concurrency(1);
sharp.cache(false);
try {
  const picture = await buffer(process.stdin);
  const options = { limitInputPixels: 100_000_000 };
  const frames = Math.min((await sharp(picture, options).metadata()).pages ?? 1, MAX_FRAMES);
  const sticker = await sharp(picture, { ...options, pages: frames })
    .timeout({ seconds: SECONDS })
    .autoOrient()
    .resize(512, 512, { fit: 'contain', background: { r: 0, g: 0, b: 0, alpha: 0 } })
    .webp({ quality: frames > 1 ? 50 : 80 })
    .toBuffer();
  process.stdout.write(sticker);
} catch {
  process.exitCode = 1;
}
