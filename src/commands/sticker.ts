import { command } from '../bot/command.ts';
import { Refusal } from '../bot/refusal.ts';

/** Enough for the photo of any phone, and too few pixels to fill the memory. */
const MAX_PIXELS = 50_000_000;

export default command({
  name: 'sticker',
  summary: 'makes a sticker of the image that you send with it, or answer with it',
  cooldownSeconds: 5,
  async run(ctx) {
    const media = await ctx.media();
    if (media === undefined) throw new Refusal('Send it with an image, or in answer to one.');
    if (!isImage(media.bytes)) throw new Refusal('That is not an image I can read: JPEG, PNG, WebP or GIF.');
    await ctx.reply({ sticker: await toSticker(media.bytes) });
  },
});

async function toSticker(bytes: Uint8Array): Promise<Uint8Array> {
  // Loaded at the first use, because it is the largest module of the program.
  const { default: sharp } = await import('sharp');
  try {
    return await sharp(bytes, { limitInputPixels: MAX_PIXELS })
      .timeout({ seconds: 20 })
      .rotate()
      .resize(512, 512, { fit: 'contain', background: { r: 0, g: 0, b: 0, alpha: 0 } })
      .webp({ quality: 80 })
      .toBuffer();
  } catch (error) {
    throw new Refusal('That image is damaged or too large.', { cause: error });
  }
}

/** Looks at the first bytes, because the MIME type is a claim of the sender and not every format is safe to decode. */
function isImage(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.subarray(0, 12)).toString('hex');
  return /^(?:ffd8ff|89504e470d0a1a0a|47494638(?:37|39)61|52494646.{8}57454250)/.test(start);
}
