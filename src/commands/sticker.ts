import { command } from '../bot/command.ts';
import { phrases } from '../bot/phrases.ts';
import { makeSticker } from '../bot/pictures/make-sticker.ts';
import { Refusal } from '../bot/refusal.ts';

export default command({
  name: 'sticker',
  summary: 'makes a sticker of the image that you send with it, or answer with it',
  cooldownSeconds: 5,
  async run(ctx) {
    const media = await ctx.media();
    if (media === undefined) throw new Refusal(phrases.stickerNeedsPicture);
    if (!isImage(media.bytes)) throw new Refusal(phrases.notAPicture);
    await ctx.reply({ sticker: await makeSticker(media.bytes, ctx.signal) });
  },
});

/** Looks at the first bytes, because the MIME type is a claim of the sender and not every format is safe to decode. */
function isImage(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.subarray(0, 12)).toString('hex');
  return /^(?:ffd8ff|89504e470d0a1a0a|47494638(?:37|39)61|52494646.{8}57454250)/.test(start);
}
