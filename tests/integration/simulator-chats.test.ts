import { randomBytes } from 'node:crypto';
import { Agent } from 'node:https';
import { downloadMediaMessage, type MediaDownloadOptions } from '@whiskeysockets/baileys';
import { Agent as Dispatcher } from 'undici';
import { expect, test, vi } from 'vitest';
import { within } from './support/deadline.ts';
import { useStockRig } from './support/stock-client.ts';

const stock = useStockRig();

test.each(['pn', 'lid', 'mixed'] as const)(
  'the simulator lets a person on %s addresses write and read the answers',
  async (addressing) => {
    const client = await stock.rig.pair();
    const person = stock.wa.addPerson({ addressing });
    for (let i = 0; i < 4; i++) {
      const { id } = await person.send('!ping');
      const answer = await person.waitForMessage(({ quotedId }) => quotedId === id);
      expect(answer).toMatchObject({ text: 'pong', attempt: 1 });
    }
    expect(person.unreadable).toEqual([]);
    expect(person.receipts).toHaveLength(4);
    expect(client.messages.filter(({ type }) => type === 'notify').length).toBeGreaterThanOrEqual(4);
  },
);

test('the simulator sends unacknowledged messages again at the next login, marked offline', async () => {
  const client = await stock.rig.pair();
  const person = stock.wa.addPerson();
  const before = await person.send('!ping');
  await person.waitForMessage(({ quotedId }) => quotedId === before.id);
  await client.kill();
  const waiting = [await person.send('!ping'), await person.send('!ping')];
  const again = await stock.rig.connect();
  await within(again.ready, 'the end of the offline messages');
  for (const { id } of waiting) await person.waitForMessage(({ quotedId }) => quotedId === id);
  const offline = again.messages.filter(({ type, message }) => type === 'append' && !message.key.fromMe);
  expect(offline.map(({ message }) => message.key.id)).toEqual(waiting.map(({ id }) => id));
  // Acknowledged means forgotten.
  await vi.waitFor(() => expect(stock.wa.devices[0]?.mailbox.waiting).toEqual([]));
});

test.each(['pn', 'lid'] as const)(
  'the simulator exchanges sender keys both ways in a group with %s addresses',
  async (addressing) => {
    await stock.rig.pair();
    const people = [stock.wa.addPerson({ addressing: 'pn' }), stock.wa.addPerson({ addressing: 'lid' })];
    const group = stock.wa.addGroup({ people, addressing });
    for (let i = 0; i < 2; i++) {
      for (const person of people) {
        const { id } = await person.send('!ping', group);
        for (const reader of people) {
          const answer = await reader.waitForMessage(({ quotedId }) => quotedId === id);
          expect(answer).toMatchObject({ text: 'pong', attempt: 1, chat: group.jid });
        }
      }
    }
    expect(people.flatMap(({ unreadable }) => unreadable)).toEqual([]);
  },
);

test("the simulator copies the bot's messages to the owner's phone and the owner's messages to the bot", async () => {
  const client = await stock.rig.pair();
  const person = stock.wa.addPerson();
  const { id } = await person.send('!ping');
  const copy = await stock.wa.phone.waitForMessage(({ quotedId }) => quotedId === id);
  expect(copy).toMatchObject({ text: 'pong', chat: person.jid, attempt: 1 });
  const note = await stock.wa.phone.send('a note');
  const written = await stock.wa.phone.send('hello', person);
  const group = stock.wa.addGroup({ people: [person] });
  const inGroup = await stock.wa.phone.send('hello all', group);
  const all = [note, written, inGroup].map((message) => message.id);
  await vi.waitFor(() => {
    const own = client.messages.map(({ message }) => message.key).filter((key) => all.includes(key.id ?? ''));
    expect(own.map(({ fromMe, remoteJid }) => [fromMe, remoteJid])).toEqual([
      [true, stock.wa.phone.jid],
      [true, person.jid],
      [true, group.jid],
    ]);
  });
});

test('the simulator sends a message again if the bot could not read it', async () => {
  const client = await stock.rig.pair();
  const person = stock.wa.addPerson();
  const { id } = await person.sendMessage({ conversation: '!ping' }, { isCorrupt: true });
  const answer = await person.waitForMessage(({ quotedId }) => quotedId === id);
  expect(answer).toMatchObject({ text: 'pong', attempt: 1 });
  expect(stock.wa.devices[0]?.counters.retryReceipts).toBe(1);
  expect(client.messages.some(({ message }) => message.messageStubType !== undefined)).toBe(true);
});

test('the simulator sends a group message again if the bot could not read it', async () => {
  await stock.rig.pair();
  const person = stock.wa.addPerson();
  const group = stock.wa.addGroup({ people: [person] });
  const { id } = await person.sendMessage({ conversation: '!ping' }, { isCorrupt: true, to: group });
  expect(await person.waitForMessage(({ quotedId }) => quotedId === id)).toMatchObject({ text: 'pong' });
  const next = await person.send('!ping', group);
  expect(await person.waitForMessage(({ quotedId }) => quotedId === next.id)).toMatchObject({
    text: 'pong',
  });
  expect(stock.wa.devices[0]?.counters.retryReceipts).toBe(1);
});

test.each(['pn', 'lid'] as const)(
  'the simulator lets a person on %s ask again for an answer that they cannot read',
  async (addressing) => {
    const client = await stock.rig.pair();
    const person = stock.wa.addPerson({ addressing });
    const first = await person.send('!ping');
    await person.waitForMessage(({ quotedId }) => quotedId === first.id);
    await person.loseSessions();
    await client.sock.sendMessage(person.jid, { text: 'can you read this?' });
    const answer = await person.waitForMessage(({ text }) => text === 'can you read this?');
    expect(answer.attempt).toBe(2);
    expect(person.unreadable).toMatchObject([{ id: answer.id, attempts: 1, isRecovered: true }]);
  },
);

test('the simulator sends keys along from the second retry receipt on', async () => {
  const client = await stock.rig.pair();
  const person = stock.wa.addPerson({ addressing: 'lid' });
  const withKeys: (string | undefined)[] = [];
  stock.wa.events.on('stanza-out', ({ tag, attrs, content }) => {
    const hasKeys = Array.isArray(content) && content.some((child) => child.tag === 'keys');
    if (tag === 'receipt' && attrs.type === 'retry' && hasKeys) withKeys.push(attrs.id);
  });
  person.failReads(2);
  await client.sock.sendMessage(person.jid, { text: 'third time lucky' });
  const answer = await person.waitForMessage(({ text }) => text === 'third time lucky');
  expect(answer.attempt).toBe(3);
  expect(withKeys).toEqual([answer.id]);
});

test('the simulator lets a person who lost a sender key ask for a group message again', async () => {
  const client = await stock.rig.pair();
  const people = [stock.wa.addPerson(), stock.wa.addPerson()];
  const group = stock.wa.addGroup({ people });
  await client.sock.sendMessage(group.jid, { text: 'one' });
  for (const person of people) await person.waitForMessage(({ text }) => text === 'one');
  await people[0]?.loseSessions();
  await client.sock.sendMessage(group.jid, { text: 'two' });
  const recovered = await people[0]?.waitForMessage(({ text }) => text === 'two');
  expect(recovered?.attempt).toBe(2);
  expect(await people[1]?.waitForMessage(({ text }) => text === 'two')).toMatchObject({ attempt: 1 });
});

test('the simulator gets a person with a new phone answered in a new session', async () => {
  await stock.rig.pair();
  const person = stock.wa.addPerson({ addressing: 'lid' });
  const before = await person.send('!ping');
  await person.waitForMessage(({ quotedId }) => quotedId === before.id);
  await person.reinstall();
  const after = await person.send('!ping');
  expect(await person.waitForMessage(({ quotedId }) => quotedId === after.id)).toMatchObject({
    text: 'pong',
  });
});

test('the simulator drops and counts a second message with the same id', async () => {
  const client = await stock.rig.pair();
  const person = stock.wa.addPerson();
  await client.sock.sendMessage(person.jid, { text: 'once' }, { messageId: 'SAME' });
  await client.sock.sendMessage(person.jid, { text: 'twice' }, { messageId: 'SAME' });
  await client.sock.sendMessage(person.jid, { text: 'other' }, { messageId: 'OTHER' });
  await person.waitForMessage(({ text }) => text === 'other');
  expect(person.inbox.map(({ text }) => text)).toEqual(['once', 'other']);
  expect(person.duplicates).toBe(1);
});

test('the simulator transfers files both ways through the media host', async () => {
  const ca = stock.wa.media.identity.cert;
  const client = await stock.rig.pair({ fetchAgent: new Agent({ ca }) });
  const person = stock.wa.addPerson();
  const data = randomBytes(70_000);
  const { id } = await person.sendMedia({
    type: 'document',
    data,
    mimetype: 'application/zip',
    fileName: 'a.zip',
  });
  const find = () => client.messages.find(({ message }) => message.key.id === id)?.message;
  await vi.waitFor(() => expect(find()).toBeDefined());
  const received = find();
  if (!received) throw new Error('nothing received');
  const dispatcher = new Dispatcher({ connect: { ca } });
  // Node's own types know another undici.
  const options: MediaDownloadOptions = Object.assign({}, { options: { dispatcher } as object });
  expect(await downloadMediaMessage(received, 'buffer', options)).toEqual(data);
  await dispatcher.close();
  await client.sock.sendMessage(person.jid, {
    document: data,
    mimetype: 'application/zip',
    fileName: 'b.zip',
  });
  const answer = await person.waitForMessage(({ message }) => message.documentMessage != null);
  expect(person.download(answer)).toMatchObject({ type: 'document', mimetype: 'application/zip', data });
});

test('the simulator emits received and failed messages of a person', async () => {
  await stock.rig.pair();
  const person = stock.wa.addPerson();
  const seen: (string | undefined)[] = [];
  person.events.on('received', ({ text }) => seen.push(text));
  person.events.on('failed', ({ attempts }) => seen.push(`failed ${attempts}`));
  person.failReads(1);
  const { id } = await person.send('!ping');
  await person.waitForMessage(({ quotedId }) => quotedId === id);
  expect(seen).toEqual(['failed 1', 'pong']);
  await expect(person.waitForMessage(() => false, 1)).rejects.toThrow('waited 1 ms');
});

test('the simulator notifies the client when few one-time keys are left', async () => {
  await stock.rig.pairAnew();
  const [companion] = stock.wa.devices;
  if (!companion) throw new Error('not linked');
  while (companion.preKeyIds().length > 5) companion.takeBundle();
  const person = stock.wa.addPerson();
  const { id } = await person.send('!ping');
  await person.waitForMessage(({ quotedId }) => quotedId === id);
  await vi.waitFor(() => expect(companion.preKeyIds().length).toBeGreaterThan(5));
  expect(companion.counters.preKeyUploads).toBe(2);
});
