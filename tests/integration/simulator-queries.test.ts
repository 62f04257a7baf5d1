import { expect, test, vi } from 'vitest';
import { useStockRig } from './support/stock-client.ts';

const stock = useStockRig();

test('the simulator answers queries for numbers, LIDs, devices and groups', async () => {
  const { sock } = await stock.rig.pair();
  const person = stock.wa.addPerson();
  const group = stock.wa.addGroup({
    subject: 'Friends',
    people: [person],
    admins: [person],
    addressing: 'lid',
  });
  expect(await sock.onWhatsApp(person.number, '15550999999')).toEqual([{ jid: person.jid, exists: true }]);
  expect(await sock.signalRepository.lidMapping.getLIDForPN(person.jid)).toBe(`${person.lid}@lid`);
  const devices = await sock.getUSyncDevices([stock.wa.phone.jid, person.jid], false, false);
  expect(devices.map(({ jid }) => jid).sort()).toEqual([stock.wa.phone.jid, person.jid].sort());
  const metadata = await sock.groupMetadata(group.jid);
  expect(metadata).toMatchObject({ subject: 'Friends', addressingMode: 'lid', size: 2 });
  expect(metadata.participants).toEqual([
    expect.objectContaining({
      id: `${stock.wa.phone.lid}@lid`,
      phoneNumber: stock.wa.phone.jid,
      admin: 'superadmin',
    }),
    expect.objectContaining({ id: `${person.lid}@lid`, phoneNumber: person.jid, admin: 'admin' }),
  ]);
  expect(Object.keys(await sock.groupFetchAllParticipating())).toEqual([group.jid]);
  await expect(sock.groupMetadata('120363000000000000@g.us')).rejects.toThrow('item-not-found');
});

test('the simulator returns LIDs in device look-ups unless they are switched off', async () => {
  const { sock } = await stock.rig.pairAnew();
  const person = stock.wa.addPerson();
  const queries: number[] = [];
  stock.wa.events.on('stanza-in', ({ attrs }) => {
    if (attrs.xmlns === 'encrypt' && attrs.type === 'get') queries.push(1);
  });
  stock.wa.faults.queries.replyWithLids(false);
  await sock.getUSyncDevices([person.jid], false, false);
  expect(queries).toHaveLength(0);
  stock.wa.faults.queries.replyWithLids(true);
  await sock.getUSyncDevices([person.jid], false, false);
  expect(queries).toHaveLength(1);
});

test('the simulator stores rotated keys, returns their digest and refuses a forged key', async () => {
  const { sock } = await stock.rig.pair();
  const [companion] = stock.wa.devices;
  await sock.digestKeyBundle();
  const before = companion?.signedPreKey.id;
  await sock.rotateSignedPreKey();
  expect(companion?.signedPreKey.id).toBe((before ?? 0) + 1);
  const forged = Buffer.alloc(64);
  const skey = ['id', 'value', 'signature'].map((tag, i) => ({
    tag,
    attrs: {},
    content: [Buffer.from([0, 0, 9]), Buffer.alloc(32), forged][i] ?? forged,
  }));
  const rotate = { tag: 'rotate', attrs: {}, content: [{ tag: 'skey', attrs: {}, content: skey }] };
  const attrs = { to: '@s.whatsapp.net', type: 'set', xmlns: 'encrypt' };
  await expect(sock.query({ tag: 'iq', attrs, content: [rotate] })).rejects.toThrow('not-acceptable');
});

test('the simulator refuses a query with an unknown namespace', async () => {
  const { sock } = await stock.rig.pair();
  const attrs = { to: '@s.whatsapp.net', type: 'get', xmlns: 'no:such:thing' };
  await expect(sock.query({ tag: 'iq', attrs })).rejects.toThrow('feature-not-implemented');
});

test('the simulator shows a person that the bot is typing', async () => {
  const { sock } = await stock.rig.pair();
  const person = stock.wa.addPerson();
  await sock.sendPresenceUpdate('composing', person.jid);
  await vi.waitFor(() => expect(person.chatStates).toMatchObject([{ state: 'composing' }]));
});
