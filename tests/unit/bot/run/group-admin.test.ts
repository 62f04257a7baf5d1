import { expect, test } from 'vitest';
import { command } from '../../../../src/bot/command.ts';
import { phrases } from '../../../../src/bot/phrases.ts';
import type { GroupAdmin } from '../../../../src/bot/run/group-admin.ts';
import { SEPARATE_ADDRESSES } from '../../../../src/core/addresses.ts';
import { AppError } from '../../../../src/core/errors.ts';
import { ANNA, FakeMessenger, GROUP, incoming, makeBot } from '../fakes.ts';

const ME = { id: '15559990000', jid: '15559990000@s.whatsapp.net', isAdmin: true };
const BEN_LID = { id: 'lid:7002', jid: '7002@lid', isAdmin: false };
const BEN_BY_NUMBER = { jid: '15551230002@s.whatsapp.net' };

/** What the messenger was asked for, and what the person was told, when Anna's command uses `admin` in the group. */
async function act(
  use: (admin: GroupAdmin) => Promise<unknown>,
  given: { readonly refuses?: AppError; readonly chat?: string; readonly isAdmin?: boolean } = {},
) {
  const asked: unknown[] = [];
  const messenger = new FakeMessenger();
  const isAdmin = given.isAdmin ?? true;
  messenger.groups.set(GROUP, { chat: GROUP, subject: 'Old', members: [{ ...ME, isAdmin }, BEN_LID] });
  const answer = async (...args: readonly unknown[]) => {
    asked.push(args.slice(1));
    if (given.refuses) throw given.refuses;
  };
  Object.assign(messenger, { changeMembers: answer, changeGroup: answer });
  const numberOf: Readonly<Record<string, string>> = {
    '7002@lid': '15551230002',
    [BEN_BY_NUMBER.jid]: '15551230002',
  };
  const { bot } = makeBot([command({ name: 'act', summary: 's', run: (ctx) => use(ctx.admin) })], {
    messenger,
    addresses: { ...SEPARATE_ADDRESSES, chatKeyOf: (chat) => numberOf[chat] ?? chat },
  });
  const { chat = GROUP } = given;
  await bot.handle(incoming('!act', { chat, sender: ANNA }));
  return { asked, told: messenger.texts };
}

test('a member is found by the address that the group does not use', async () => {
  expect(await act((admin) => admin.promote(BEN_BY_NUMBER))).toEqual({
    asked: [['promote', ['7002@lid']]],
    told: [],
  });
  expect((await act((admin) => admin.remove(BEN_BY_NUMBER))).asked).toEqual([['remove', ['7002@lid']]]);
});

test('a change of a group that is done already is not asked of WhatsApp', async () => {
  expect((await act((admin) => admin.add(BEN_BY_NUMBER))).asked).toEqual([]);
  expect((await act((admin) => admin.demote(BEN_BY_NUMBER))).asked).toEqual([]);
  expect((await act((admin) => admin.rename('Old'))).asked).toEqual([]);
});

test('a change that WhatsApp refuses is told to the person', async () => {
  const refuses = new AppError('SEND_REFUSED', 'not allowed', { whatsappCode: '403' });
  const { told } = await act((admin) => admin.rename('New'), { refuses });
  expect(told).toEqual([phrases.groupRefused]);
});

test('a bot that is no admin, and a chat that is no group, are told to the person', async () => {
  const { asked, told } = await act((admin) => admin.rename('New'), { isAdmin: false });
  expect(asked).toEqual([]);
  expect(told).toEqual([phrases.botNoAdmin]);
  const direct = await act((admin) => admin.rename('New'), { chat: ANNA.jid });
  expect(direct.told).toEqual([phrases.groupsOnly]);
});
