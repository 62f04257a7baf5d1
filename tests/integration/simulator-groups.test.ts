import type { GroupMetadata } from '@whiskeysockets/baileys';
import { expect, test, vi } from 'vitest';
import { useStockRig } from './support/stock-client.ts';

const stock = useStockRig();

test.each(['pn', 'lid'] as const)(
  'the simulator lets the bot add, promote, demote and remove people in a group with %s addresses',
  async (addressing) => {
    const { sock } = await stock.rig.pair();
    const [anna, ben, nobody] = [
      stock.wa.addPerson(),
      stock.wa.addPerson(),
      stock.wa.addPerson({ state: 'absent' }),
    ];
    const group = stock.wa.addGroup({ people: [anna], addressing });
    const addressOf = (person: typeof anna) => group.addressOf(person);
    const added = await sock.groupParticipantsUpdate(group.jid, [ben, anna, nobody].map(addressOf), 'add');
    expect(added.map(({ status }) => status)).toEqual(['200', '409', '404']);
    await sock.groupParticipantsUpdate(group.jid, [addressOf(ben)], 'promote');
    expect(group.roleOf(ben)).toBe('admin');
    await sock.groupParticipantsUpdate(group.jid, [addressOf(ben)], 'demote');
    expect(group.roleOf(ben)).toBe('member');
    await sock.groupParticipantsUpdate(group.jid, [addressOf(anna)], 'remove');
    expect(group.people).toEqual([ben]);
  },
);

test('the simulator changes the subject, the description, the settings and the invite link', async () => {
  const { sock } = await stock.rig.pair();
  const group = stock.wa.addGroup({ people: [stock.wa.addPerson()] });
  await sock.groupUpdateSubject(group.jid, 'Team');
  await sock.groupUpdateDescription(group.jid, 'All of us');
  await sock.groupSettingUpdate(group.jid, 'announcement');
  const metadata: GroupMetadata = await sock.groupMetadata(group.jid);
  expect(metadata).toMatchObject({ subject: 'Team', desc: 'All of us', announce: true, restrict: false });
  const code = await sock.groupInviteCode(group.jid);
  expect(await sock.groupRevokeInvite(group.jid)).not.toBe(code);
  expect(group.inviteCode).not.toBe(code);
});

test('the simulator refuses the changes of a bot that is not an admin', async () => {
  const { sock } = await stock.rig.pair();
  const [anna, ben] = [stock.wa.addPerson(), stock.wa.addPerson()];
  const group = stock.wa.addGroup({ people: [anna], admins: [anna], botRole: 'member' });
  await expect(sock.groupParticipantsUpdate(group.jid, [group.addressOf(ben)], 'add')).rejects.toThrow(
    'forbidden',
  );
  await expect(sock.groupInviteCode(group.jid)).rejects.toThrow('forbidden');
  await sock.groupUpdateSubject(group.jid, 'by a member');
  expect(group.subject).toBe('by a member');
  group.set(anna, 'locked', true);
  await expect(sock.groupUpdateSubject(group.jid, 'again')).rejects.toThrow('forbidden');
});

test('the simulator tells the client when people join, leave, are promoted and change the subject', async () => {
  const { sock } = await stock.rig.pair();
  const [anna, ben] = [stock.wa.addPerson(), stock.wa.addPerson()];
  const group = stock.wa.addGroup({ people: [anna] });
  const changes: string[] = [];
  sock.ev.on('group-participants.update', ({ action, author }) => changes.push(`${action} by ${author}`));
  sock.ev.on('groups.update', (updates) =>
    changes.push(...updates.map(({ subject }) => `subject ${subject}`)),
  );
  group.join(ben);
  group.promote(anna, ben);
  group.setSubject(ben, 'Friends');
  group.leave(ben);
  await vi.waitFor(() =>
    expect(changes.toSorted()).toEqual([
      `add by ${ben.lid}@lid`,
      `promote by ${anna.lid}@lid`,
      `remove by ${ben.lid}@lid`,
      'subject Friends',
    ]),
  );
});

test('the simulator makes a group, lets the bot leave it and come back by the invite link', async () => {
  const { sock } = await stock.rig.pair();
  const anna = stock.wa.addPerson();
  const made = await sock.groupCreate('New', [anna.jid]);
  await sock.sendMessage(made.id, { text: 'welcome' });
  await anna.waitForMessage(({ text }) => text === 'welcome');
  const code = await sock.groupInviteCode(made.id);
  await sock.groupLeave(made.id);
  await expect(sock.groupMetadata(made.id)).rejects.toThrow('forbidden');
  expect(await sock.groupAcceptInvite(code ?? '')).toBe(made.id);
  expect(await sock.groupMetadata(made.id)).toMatchObject({ subject: 'New' });
});

test('the simulator removes the bot from a group and adds it again', async () => {
  const { sock } = await stock.rig.pair();
  const anna = stock.wa.addPerson();
  const group = stock.wa.addGroup({ people: [anna], admins: [anna] });
  const seen: string[] = [];
  sock.ev.on('group-participants.update', ({ action }) => seen.push(action));
  sock.ev.on('groups.upsert', (groups) => seen.push(...groups.map(({ subject }) => subject)));
  group.removeAccount(anna);
  await vi.waitFor(() => expect(seen).toEqual(['remove']));
  await expect(sock.groupMetadata(group.jid)).rejects.toThrow('forbidden');
  group.addAccount(anna);
  await vi.waitFor(() => expect(seen).toEqual(['remove', 'Group']));
});
