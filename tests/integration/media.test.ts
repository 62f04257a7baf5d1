import { Agent } from 'undici';
import { afterEach, expect, it } from 'vitest';
import type { IncomingMessage } from '../../src/core/incoming-message.ts';
import type { MediaFile } from '../../src/simulator/media/media-message.ts';
import { within } from './support/deadline.ts';
import { Rig } from './support/rig.ts';

let rig: Rig;

afterEach(() => rig.destroy());

/** A paired client that trusts the media host of the simulator. */
async function paired(): Promise<void> {
  rig = new Rig({ answers: false });
  await rig.wa.start();
  const socket = {
    url: rig.wa.url,
    version: undefined,
    agent: undefined,
    dispatcher: new Agent({ connect: { ca: rig.wa.media.identity.cert } }),
    connectTimeoutMs: 5_000,
    keepAliveIntervalMs: 30_000,
  };
  await rig.pair({ socket });
}

const data = Buffer.from('the words of a file');

/** Sends a file, and resolves with the message as the bot gets it. */
async function send(file: Partial<MediaFile> = {}): Promise<IncomingMessage> {
  const person = rig.wa.addPerson();
  const received = new Promise<IncomingMessage>((resolve) => rig.client.once('received', resolve));
  await person.sendMedia({ type: 'sticker', mimetype: 'image/webp', data, ...file } as MediaFile);
  return within(received, 'the message with the file');
}

const download = (message: IncomingMessage) =>
  rig.client.download(message, { which: 'own', maxBytes: 1_000, signal: AbortSignal.timeout(5_000) });

it('the bot fetches a sticker whose address names a host without files', async () => {
  await paired();
  const message = await send({ url: 'https://web.whatsapp.net' });
  expect(Buffer.from(await download(message))).toEqual(data);
});

it.each([404, 410] as const)(
  'the bot asks the phone once to upload a file again if the media host answers %i',
  async (status) => {
    await paired();
    const message = await send();
    rig.wa.media.expire(pathOf(message), status);
    expect(Buffer.from(await download(message))).toEqual(data);
  },
);

it('the bot refuses a file that the phone does not have either', async () => {
  await paired();
  const message = await send();
  rig.wa.media.expire(pathOf(message), 404);
  rig.wa.media.failure = 404;
  await expect(download(message)).rejects.toMatchObject({
    code: 'MEDIA_REFUSED',
    message: expect.stringContaining('no longer on the media host'),
  });
});

function pathOf({ origin }: IncomingMessage): string {
  const { message } = origin as { message: { stickerMessage?: { directPath?: string } } };
  return message.stickerMessage?.directPath ?? '';
}
