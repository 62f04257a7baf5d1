import { createDecipheriv } from 'node:crypto';
import { decryptPollVote, hkdf, proto, type WAMessage } from '@whiskeysockets/baileys';
import { expect, test, vi } from 'vitest';
import { within } from './support/deadline.ts';
import { sampleContents, wrapped } from './support/sample-contents.ts';
import { type StockClient, useStockRig } from './support/stock-client.ts';

const stock = useStockRig();

/** Resolves with the message of this id as the client got it. */
function received(client: StockClient, id: string): Promise<WAMessage> {
  return vi.waitFor(() => {
    const found = client.messages.find(({ message }) => message.key.id === id && message.message)?.message;
    if (!found) throw new Error(`the client has not received message ${id}`);
    return found;
  });
}

/** Opens a sealed edit by the published algorithm, without the simulator's code. */
function openEdit(
  sealed: proto.Message.ISecretEncryptedMessage,
  secret: Uint8Array,
  id: string,
  sender: string,
): proto.Message {
  const key = Buffer.from(hkdf(Buffer.from(secret), 32, { info: `${id}${sender}${sender}Message Edit` }));
  const payload = Buffer.from(sealed.encPayload ?? []);
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(sealed.encIv ?? []));
  decipher.setAuthTag(payload.subarray(-16));
  return proto.Message.decode(Buffer.concat([decipher.update(payload.subarray(0, -16)), decipher.final()]));
}

test.each([
  ['pn', 'pn'],
  ['pn', 'lid'],
  ['lid', 'lid'],
  ['lid', 'pn'],
] as const)(
  'the simulator seals an edit by a person on %s who is named by %s',
  async (addressing, namedBy) => {
    const client = await stock.rig.pair();
    const anna = stock.wa.addPerson({ addressing });
    const { id } = await anna.send('!pin');
    const original = await received(client, id);
    const edit = await anna.edit(id, '!ping', { namedBy });
    const sealed = (await received(client, edit.id)).message?.secretEncryptedMessage;
    expect(sealed?.targetMessageKey).toMatchObject({ id, fromMe: true });
    const secret = original.message?.messageContextInfo?.messageSecret ?? new Uint8Array();
    const sender = namedBy === 'pn' ? `${anna.number}@s.whatsapp.net` : `${anna.lid}@lid`;
    const opened = openEdit(sealed ?? {}, secret, id, sender);
    expect(opened.protocolMessage?.editedMessage?.conversation).toBe('!ping');
  },
);

test('a simulated person edits in the clear, deletes, reacts and replies', async () => {
  const client = await stock.rig.pair();
  const anna = stock.wa.addPerson();
  const { id } = await anna.send('hello');
  const edit = await anna.edit(id, 'hello again', { isSealed: false });
  expect((await received(client, edit.id)).message?.protocolMessage?.editedMessage?.conversation).toBe(
    'hello again',
  );
  const reply = await anna.reply(id, 'to myself');
  expect((await received(client, reply.id)).message?.extendedTextMessage?.contextInfo?.stanzaId).toBe(id);
  const reaction = await anna.react(id, '👍');
  expect((await received(client, reaction.id)).message?.reactionMessage).toMatchObject({
    text: '👍',
    key: { id },
  });
  const deletion = await anna.delete(id);
  expect((await received(client, deletion.id)).message?.protocolMessage).toMatchObject({ key: { id } });
});

test.each(['pn', 'lid'] as const)(
  'a simulated person votes in a poll of the bot from a group with %s addresses',
  async (addressing) => {
    const client = await stock.rig.pair();
    const anna = stock.wa.addPerson();
    const group = stock.wa.addGroup({ people: [anna], addressing });
    await client.sock.sendMessage(group.jid, { poll: { name: 'When?', values: ['now', 'later'] } });
    const poll = await anna.waitForMessage(
      ({ message }) => (message.pollCreationMessage ?? message.pollCreationMessageV3) != null,
    );
    const vote = await anna.vote(poll.id, ['later']);
    const update = (await received(client, vote.id)).message?.pollUpdateMessage;
    const own = addressing === 'pn' ? stock.wa.phone.jid : `${stock.wa.phone.lid}@lid`;
    const voterJid = addressing === 'pn' ? anna.jid : `${anna.lid}@lid`;
    const { selectedOptions } = decryptPollVote(update?.vote ?? {}, {
      pollCreatorJid: own,
      pollMsgId: poll.id,
      pollEncKey: poll.message.messageContextInfo?.messageSecret ?? new Uint8Array(),
      voterJid,
    });
    expect(selectedOptions).toHaveLength(1);
  },
);

test("the simulator shows the bot's edits, deletions and reactions to a person", async () => {
  const { sock } = await stock.rig.pair();
  const anna = stock.wa.addPerson();
  const { id } = await anna.send('hello');
  const key = { remoteJid: anna.jid, fromMe: false, id };
  await sock.sendMessage(anna.jid, { react: { text: '👀', key } });
  const sent = await sock.sendMessage(anna.jid, { text: 'first' });
  if (!sent) throw new Error('nothing was sent');
  await sock.sendMessage(anna.jid, { text: 'second', edit: sent.key });
  await sock.sendMessage(anna.jid, { delete: sent.key });
  await anna.waitForMessage(({ act }) => act?.kind === 'deletion');
  expect(anna.inbox.map(({ act }) => act)).toEqual([
    { kind: 'reaction', of: id, emoji: '👀' },
    undefined,
    { kind: 'edit', of: sent.key.id, text: 'second' },
    { kind: 'deletion', of: sent.key.id },
  ]);
});

test('a simulated person posts statuses and broadcasts, and records how the client acknowledges them', async () => {
  const client = await stock.rig.pair({ shouldIgnoreJid: (jid) => jid.endsWith('@broadcast') });
  const anna = stock.wa.addPerson();
  await anna.postStatus('my day');
  await anna.broadcast('to all of you');
  const [companion] = stock.wa.devices;
  await vi.waitFor(() => {
    const messages = companion?.acks.filter(({ class: kind }) => kind === 'message');
    expect(messages?.map(({ to }) => to)).toEqual(['status@broadcast', '1600000000@broadcast']);
    // A stock client refuses what it ignores.
    expect(messages?.map(({ error }) => error)).toEqual(['500', '500']);
  });
  expect(client.messages.filter(({ message }) => !message.key.fromMe)).toEqual([]);
});

test('the simulator holds the offline queue after an error acknowledgement of a status', async () => {
  await (await stock.rig.pair()).kill();
  stock.wa.faults.holdQueueAfterNack(true);
  const anna = stock.wa.addPerson();
  await anna.send('!ping');
  const status = await anna.postStatus('my day');
  const second = await anna.send('!ping');
  await stock.rig.connect({ shouldIgnoreJid: (jid) => jid.endsWith('@broadcast') });
  await vi.waitFor(() => expect(stock.wa.devices[0]?.counters.nacks).toBe(1));
  const waiting = stock.wa.devices[0]?.mailbox.waiting.map(({ attrs }) => attrs.id);
  expect(waiting).toEqual([status.id, second.id]);
});

test('the simulator copies what the owner writes to Meta AI, with its chat as recipient', async () => {
  const client = await stock.rig.pair();
  const stanzas: (string | undefined)[] = [];
  stock.wa.events.on('stanza-out', ({ tag, attrs }) => tag === 'message' && stanzas.push(attrs.recipient));
  await stock.wa.phone.send('!ping', '867051314767696@bot');
  await vi.waitFor(() => expect(stanzas).toContain('867051314767696@bot'));
  await within(client.opened, 'the login');
  const [companion] = stock.wa.devices;
  // The receipt of a stock client names another chat, so that the message comes again at each login.
  await vi.waitFor(() => expect(companion?.receipts.map(({ type }) => type)).toContain('sender'));
  expect(companion?.mailbox.waiting).toHaveLength(1);
});

test('the simulator posts to a newsletter, which a client that ignores it refuses', async () => {
  await stock.rig.pair({ shouldIgnoreJid: (jid) => jid.endsWith('@newsletter') });
  const id = stock.wa.postToNewsletter('news');
  const [companion] = stock.wa.devices;
  await vi.waitFor(() =>
    expect(companion?.acks).toContainEqual(expect.objectContaining({ id, error: '500' })),
  );
});

test.each(Object.entries(sampleContents('hello')))(
  'the simulator sends a message of the kind %s in wrappers',
  async (_, content) => {
    const client = await stock.rig.pair();
    const anna = stock.wa.addPerson();
    const { id } = await anna.sendMessage(wrapped(content, 'groupMentionedMessage', 'botInvokeMessage'));
    const message = (await received(client, id)).message?.groupMentionedMessage?.message?.botInvokeMessage
      ?.message;
    expect(JSON.stringify(message)).toContain('hello');
  },
);

test("the simulator reacts and replies to another person's message in a group", async () => {
  const client = await stock.rig.pair();
  const [anna, ben] = [stock.wa.addPerson(), stock.wa.addPerson()];
  const group = stock.wa.addGroup({ people: [anna, ben] });
  const { id } = await ben.send('hello', group);
  const reply = await anna.reply(id, 'hello Ben');
  const context = (await received(client, reply.id)).message?.extendedTextMessage?.contextInfo;
  expect(context).toMatchObject({ stanzaId: id, participant: `${ben.lid}@lid` });
  const reaction = await anna.react(id, '👍');
  expect((await received(client, reaction.id)).message?.reactionMessage?.key).toMatchObject({
    id,
    fromMe: false,
    participant: `${ben.lid}@lid`,
  });
});
