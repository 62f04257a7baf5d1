import { Agent } from 'node:https';
import { downloadMediaMessage } from '@whiskeysockets/baileys';
import { expect, test, vi } from 'vitest';
import type { Person } from '../../src/simulator/phones/person.ts';
import { within } from './support/deadline.ts';
import { leaveOldFiles } from './support/old-folder.ts';
import { useStockRig } from './support/stock-client.ts';

/** What the library's own recipe does with messages as people send them today. */
const stock = useStockRig();

test.each([
  ['a sealed edit into a command', 'edit'],
  ['a command in a wrapper', { botInvokeMessage: { message: { conversation: '!ping' } } }],
  ['a command with marks of direction around it', { conversation: '\u2068!ping\u2069' }],
  ['a command with a full-width prefix', { conversation: '！ping' }],
] as const)('the recipe answers %s with nothing', async (_, content) => {
  const client = await stock.rig.pair();
  const person = stock.wa.addPerson();
  if (content === 'edit') {
    const { id } = await person.send('hello');
    await person.edit(id, '!ping');
  } else await person.sendMessage(content);
  const { id } = await person.send('!ping');
  await person.waitForMessage(({ quotedId }) => quotedId === id);
  expect(person.inbox).toHaveLength(1);
  expect(client.messages.length).toBeGreaterThan(1);
});

test('the recipe names the owner by number when it quotes an own message in a group that uses LIDs', async () => {
  const client = await stock.rig.pair();
  const person = stock.wa.addPerson({ addressing: 'lid' });
  const group = stock.wa.addGroup({ people: [person], addressing: 'lid' });
  await stock.wa.phone.send('hello', group);
  const own = await vi.waitFor(() => {
    const found = client.messages.find(({ message }) => message.key.fromMe);
    if (found === undefined) throw new Error('the copy of the own message has not come');
    return found.message;
  });
  await client.sock.sendMessage(group.jid, { text: 'quoted' }, { quoted: own });
  const { quotedSender } = await person.waitForMessage(({ text }) => text === 'quoted');
  expect(quotedSender).toBe(`${stock.wa.phone.number}@s.whatsapp.net`);
});

test.each([
  ['an MP3', 'audio', Buffer.from('ID3\x03\0\0\0 a song', 'latin1'), 'audio/ogg; codecs=opus'],
  ['a WAV file', 'audio', Buffer.from('RIFF\x24\0\0\0WAVEfmt ', 'latin1'), 'audio/ogg; codecs=opus'],
  ['a GIF', 'video', Buffer.from('GIF89a\x01\0\x01\0', 'latin1'), 'video/mp4'],
] as const)(
  'the recipe sends %s without a type as what it is not, and phones show nothing',
  async (_, kind, data, mimetype) => {
    const client = await stock.rig.pair({ fetchAgent: new Agent({ ca: stock.wa.media.identity.cert }) });
    const person = stock.wa.addPerson();
    const content = kind === 'audio' ? { audio: data, seconds: 1 } : { video: data, jpegThumbnail: '' };
    await client.sock.sendMessage(person.jid, content);
    const answer = await person.waitForMessage(
      ({ message }) => !!(message.audioMessage ?? message.videoMessage),
    );
    expect(person.download(answer)).toMatchObject({ mimetype, isShown: false });
  },
);

test('the recipe asks the host that a sticker names, though that one has no files', async () => {
  const client = await stock.rig.pair();
  const person = stock.wa.addPerson();
  const data = Buffer.from('a sticker');
  const { id } = await person.sendMedia({
    ...{ type: 'sticker', mimetype: 'image/webp', data, url: 'https://web.whatsapp.net' },
  });
  const received = await vi.waitFor(() => {
    const found = client.messages.find(({ message }) => message.key.id === id);
    if (found === undefined) throw new Error('the sticker has not come');
    return found.message;
  });
  const asked: string[] = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (url) => {
    asked.push(new URL(String(url)).host);
    return new Response('no such file', { status: 404 });
  });
  await expect(downloadMediaMessage(received, 'buffer', {})).rejects.toThrow();
  expect(asked).toEqual(['web.whatsapp.net']);
});

test('in a folder of Baileys 6.7, the recipe cannot read the first message that known people send under their LID', async () => {
  const first = await stock.rig.pair();
  stock.wa.faults.queries.hideLids(true);
  const people = [stock.wa.addPerson(), stock.wa.addPerson(), stock.wa.addPerson()];
  const ask = async (person: Person, from: 'pn' | 'lid'): Promise<void> => {
    const { id } = await person.sendMessage({ conversation: '!ping' }, { from });
    await person.waitForMessage(({ quotedId }) => quotedId === id);
  };
  for (const person of people) await ask(person, 'pn');
  await first.kill();
  leaveOldFiles(stock.rig.folder);
  stock.wa.faults.queries.hideLids(false);
  await within((await stock.rig.connect()).ready, 'the login');
  const [companion] = stock.wa.devices;
  const before = companion?.counters.retryReceipts ?? 0;
  for (const person of people) {
    await ask(person, 'pn');
    await ask(person, 'lid');
  }
  expect((companion?.counters.retryReceipts ?? 0) - before).toBeGreaterThanOrEqual(people.length);
});
