import { expect, test, vi } from 'vitest';
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
