import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type IncomingMessage, WhatsAppClient } from '../../src/client.ts';
import { LIMITS } from '../../src/core/limits/limits.ts';
import { startWhatsApp, type TestWhatsApp } from '../../src/testing.ts';
import { makeFolder } from './support/folder.ts';

let wa: TestWhatsApp;
let folder = '';
let client: WhatsAppClient | undefined;

beforeEach(async () => {
  wa = await startWhatsApp({ deadlineMs: 15_000 });
  folder = makeFolder();
});

afterEach(async () => {
  await client?.stop();
  await wa.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

function makeClient(onMessage: (message: IncomingMessage) => unknown = () => undefined): WhatsAppClient {
  client = new WhatsAppClient(join(folder, 'session'), {
    settings: { waWebsocketUrl: wa.url, waRootKey: wa.simulator.rootKey, reconnectDelayMs: 20 },
    onMessage,
  });
  return client;
}

test('a client pairs, answers, says why a connection closed, and comes back', async () => {
  const made = makeClient(async ({ chat, text }) => made.send(chat, `You said: ${text}`));
  const ended = made.start();
  const [qr] = (await once(made, 'qr')) as [string];
  await wa.bot.pair(qr);
  const anna = wa.person('Anna');
  await anna.says('hello');
  await anna.hears('You said: hello');
  expect(made.socket?.user?.id).toContain(wa.phone.number);

  const closed = once(made, 'closed');
  const opened = once(made, 'opened');
  wa.fault.close(503);
  expect(await closed).toMatchObject([{ kind: 'network', statusCode: 503 }]);
  await opened;
  await anna.says('still there?');
  await anna.hears('You said: still there?');

  await made.stop();
  await expect(ended).resolves.toEqual({ kind: 'asked' });
});

test('a message is finished when its handler rejects, and others are handed over', async () => {
  const heard: string[] = [];
  const made = makeClient(async ({ chat, text }) => {
    heard.push(text);
    if (text === 'one') throw new Error('not this one');
    await made.send(chat, 'done');
  });
  void made.start();
  const [qr] = (await once(made, 'qr')) as [string];
  await wa.bot.pair(qr);
  const anna = wa.person('Anna');
  await anna.says('one');
  await anna.says('two');
  await anna.hears('done');
  // A first message may be read after the second one, if its sender had to send it again.
  await expect.poll(() => [...heard].sort()).toEqual(['one', 'two']);
  expect(heard).toHaveLength(2);
});

test('a logout stops the client, and the next start says so at once', async () => {
  const made = makeClient();
  const ended = made.start();
  const [qr] = (await once(made, 'qr')) as [string];
  await wa.bot.pair(qr);
  wa.fault.logOut();
  await expect(ended).resolves.toEqual({ kind: 'logged-out' });
  await expect(makeClient().start()).resolves.toEqual({ kind: 'logged-out' });
});

test('a client without start() cannot send, and a wrong setting is thrown by name', async () => {
  await expect(makeClient().send('15551234567@s.whatsapp.net', 'hi')).rejects.toMatchObject({
    code: 'NOT_CONNECTED',
  });
  const make = () => new WhatsAppClient(folder, { settings: { pairingNumber: 'none' } });
  expect(make).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
});

test('a compressed stanza that inflates to more than the limit is refused', async () => {
  const { decompressingIfRequired } = await import('@whiskeysockets/baileys');
  // The length alone: a failed test must not print the bytes.
  const lengthOf = async (bytes: number): Promise<number> => {
    const frame = Buffer.concat([Buffer.of(2), deflateSync(Buffer.alloc(bytes))]);
    return (await decompressingIfRequired(frame)).length;
  };
  const most = LIMITS['inflate:frame'].bytesEach;
  await expect(lengthOf(most)).resolves.toBe(most);
  await expect(lengthOf(most + 1)).rejects.toMatchObject({ code: 'ERR_BUFFER_TOO_LARGE' });
});
