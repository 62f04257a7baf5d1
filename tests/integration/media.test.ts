import { Agent as UploadAgent } from 'node:https';
import { Agent } from 'undici';
import { afterEach, expect, it } from 'vitest';
import type { IncomingMessage } from '../../src/core/messages/incoming-message.ts';
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
    mediaAgent: new UploadAgent({ ca: rig.wa.media.identity.cert }),
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
    cause: { status: 404 },
  });
});

it.each([
  ['an MP3', 'audio', Buffer.from('ID3\x03\0\0\0 a song', 'latin1'), 'audio/mpeg'],
  ['a WAV file', 'audio', Buffer.from('RIFF\x24\0\0\0WAVEfmt ', 'latin1'), 'audio/wav'],
  ['an AAC file', 'audio', Buffer.from([0xff, 0xf1, 0x50, 0x80, 0x02, 0x1f]), 'audio/aac'],
  ['a 3GP video', 'video', Buffer.from('\0\0\0\x18ftyp3gp5', 'latin1'), 'video/3gpp'],
] as const)(
  'the bot sends %s without a type as what it is, and phones play it',
  async (_, kind, file, mimetype) => {
    await paired();
    const person = rig.wa.addPerson();
    const content = { kind, data: file, seconds: 1 };
    await rig.client.send(
      { id: '3EB0CCCCCCCCCCCCCCCC', chat: person.jid, content },
      AbortSignal.timeout(10_000),
    );
    const answer = await person.waitForMessage(
      ({ message }) => !!(message.audioMessage ?? message.videoMessage),
    );
    expect(person.download(answer)).toMatchObject({ data: file, mimetype, isShown: true });
  },
);

it('the bot refuses a GIF that is sent as a video', async () => {
  await paired();
  const content = { kind: 'video', data: Buffer.from('GIF89a\x01\0\x01\0', 'latin1') } as const;
  const message = { id: '3EB0DDDDDDDDDDDDDDDD', chat: rig.wa.addPerson().jid, content };
  await expect(rig.client.send(message, AbortSignal.timeout(10_000))).rejects.toMatchObject({
    code: 'SEND_REFUSED',
    message: expect.stringContaining('image/gif'),
  });
});

function pathOf({ origin }: IncomingMessage): string {
  const { message } = origin as { message: { stickerMessage?: { directPath?: string } } };
  return message.stickerMessage?.directPath ?? '';
}

it('a file that the media host refuses for good is not uploaded again, and the next file is sent', async () => {
  await paired();
  const person = rig.wa.addPerson();
  const picture = (id: string) => ({
    id,
    chat: person.jid,
    content: { kind: 'document', data, mimetype: 'text/plain', fileName: 'a.txt' } as const,
  });
  const { signal } = new AbortController();
  rig.wa.media.uploadFailures.push(413);
  await expect(rig.client.send(picture('FILE1'), signal)).rejects.toMatchObject({
    code: 'SEND_REFUSED',
    whatsappCode: '413',
  });
  expect(rig.wa.media.uploads).toBe(1);
  await rig.client.send(picture('FILE2'), signal);
  expect(rig.wa.media.uploads).toBe(2);
});

it('a file that the media host does not take now is sent with the next try', async () => {
  await paired();
  const person = rig.wa.addPerson();
  const content = { kind: 'document', data, mimetype: 'text/plain', fileName: 'a.txt' } as const;
  const message = { id: 'FILE3', chat: person.jid, content };
  const { signal } = new AbortController();
  rig.wa.media.uploadFailures.push(507);
  await expect(rig.client.send(message, signal)).rejects.toMatchObject({
    code: 'SEND_TIMEOUT',
    retryAfterMs: 5_000,
  });
  await rig.client.send(message, signal);
  expect(rig.wa.media.uploads).toBe(2);
});
