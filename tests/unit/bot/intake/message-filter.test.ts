import { expect, test } from 'vitest';
import { decideAdmission } from '../../../../src/bot/intake/admission.ts';
import { phrases } from '../../../../src/bot/phrases.ts';
import ping from '../../../../src/commands/ping.ts';
import type { ChatKind, IncomingMessage } from '../../../../src/core/messages/incoming-message.ts';
import { RecentMap } from '../../../../src/core/recent-map.ts';
import { ANNA, GROUP, incoming, makeBot, START_MS } from '../fakes.ts';

const KINDS: Record<ChatKind, 'not-a-chat' | undefined> = {
  direct: undefined,
  group: undefined,
  status: 'not-a-chat',
  broadcast: 'not-a-chat',
  newsletter: 'not-a-chat',
  other: 'not-a-chat',
};

test.each(Object.entries(KINDS) as Array<[ChatKind, 'not-a-chat' | undefined]>)(
  'why the filter drops a message in a chat of the kind %s: $1',
  (chatKind, expected) => {
    const facts = { nowMs: START_MS, maxAgeMs: 600_000, isOwnSend: false };
    expect(decideAdmission(incoming('!ping', { chatKind }), facts)).toBe(expected);
  },
);

test.each<[sentence: string, Partial<IncomingMessage>, isOwnSend: boolean, expected: string | undefined]>([
  ['what the owner types on a phone', { isFromMe: true }, false, undefined],
  ['an echo of what the bot sent', { isFromMe: true }, true, 'own-send'],
  ['somebody else with an id of the bot', { isFromMe: false }, true, undefined],
  ['a message of a bot', { isFromBot: true }, false, 'from-a-bot'],
  ['a message that is just young enough', { sentAtMs: START_MS - 600_000 }, false, undefined],
  ['a message that is a millisecond too old', { sentAtMs: START_MS - 600_001 }, false, 'too-old'],
  ['a message from the future', { sentAtMs: START_MS + 86_400_000 }, false, undefined],
  ['a time that is none', { sentAtMs: Number.NaN }, false, undefined],
])('why the filter drops %s: $3', (_sentence, overrides, isOwnSend, expected) => {
  const facts = { nowMs: START_MS, maxAgeMs: 600_000, isOwnSend };
  expect(decideAdmission(incoming('!ping', overrides), facts)).toBe(expected);
});

test('a thousand old messages are dropped with one line that counts them', async () => {
  const { bot, clock, messenger, log } = makeBot([ping]);
  for (let index = 0; index < 1_000; index += 1) {
    const result = await bot.handle(incoming('!ping', { sentAtMs: START_MS - 3_600_000 }));
    expect(result).toBe('done');
  }
  expect(clock.sleeping).toBe(1);
  await bot.handle(incoming('!ping'));
  await clock.advance(2_000);
  expect(messenger.texts).toEqual(['pong']);
  expect(log.of('info').map(({ facts }) => facts)).toEqual([{ count: 1_000, maxAgeSeconds: 600 }]);
  expect(bot.stats.ignored['too-old']).toBe(1_000);
  await clock.advance(60_000);
  expect(log.of('info')).toHaveLength(1);
  await bot.handle(incoming('!ping', { sentAtMs: START_MS - 3_600_000 }));
  await clock.advance(2_000);
  expect(log.of('info')[1]?.facts).toEqual({ count: 1, maxAgeSeconds: 600 });
});

test('stop() of the bot logs the messages that were counted and not yet reported', async () => {
  const { bot, clock, log } = makeBot([ping]);
  await bot.handle(incoming('!ping', { sentAtMs: 0 }));
  await bot.stop();
  expect(log.of('info').map(({ facts }) => facts)).toEqual([{ count: 1, maxAgeSeconds: 600 }]);
  expect(clock.sleeping).toBe(0);
});

test('the bot does not answer its own messages, of this run or of an earlier one', async () => {
  const { bot, messenger } = makeBot([ping], { wasSent: (id) => id === 'EARLIER' });
  await bot.handle(incoming('!ping'));
  const echo = { isFromMe: true, chat: ANNA.jid };
  await bot.handle(incoming('!ping', { ...echo, id: messenger.sent[0]?.id ?? '' }));
  await bot.handle(incoming('!ping', { ...echo, id: 'EARLIER' }));
  expect(messenger.sent).toHaveLength(1);
  await bot.handle(incoming('!ping', { ...echo }));
  expect(messenger.sent).toHaveLength(2);
});

test('an unknown command gets a hint in a direct chat, once in ten minutes, and nothing in a group', async () => {
  const { bot, clock, messenger } = makeBot([ping]);
  await bot.handle(incoming('!pnig'));
  await bot.handle(incoming('!pnig'));
  await bot.handle(incoming('!pnig', { chat: GROUP }));
  await bot.handle(incoming('!pnig', { isFromMe: true, chat: '1@s.whatsapp.net' }));
  expect(messenger.texts).toEqual([phrases.unknownCommand('!help')]);
  await clock.advance(600_000);
  await bot.handle(incoming('!pnig', { sentAtMs: clock.nowMs }));
  expect(messenger.sent).toHaveLength(2);
});

test('a RecentMap keeps the newest entries, and at most twice its capacity', () => {
  const recent = new RecentMap<number>(3);
  const keys = Array.from({ length: 20 }, (_, index) => `${index}`);
  for (const [index, key] of keys.entries()) {
    recent.set(key, index);
    const kept = keys.filter((one) => recent.has(one));
    expect(kept.map((one) => recent.get(one))).toEqual(kept.map(Number));
    expect(kept.slice(-3)).toEqual(keys.slice(Math.max(0, index - 2), index + 1));
    expect(kept.length).toBeLessThanOrEqual(6);
  }
  recent.set('19', -1);
  expect(recent.get('19')).toBe(-1);
  recent.delete('19');
  expect(recent.has('19')).toBe(false);
});

test('a near miss of a command gets the hint in a direct chat', async () => {
  for (const text of ['! ping', '!ping.', '❗ ping']) {
    const { bot, messenger } = makeBot([ping]);
    await bot.handle(incoming(text));
    expect(messenger.texts).toEqual([phrases.unknownCommand('!help')]);
  }
  const { bot, messenger } = makeBot([ping]);
  await bot.handle(incoming('! ping', { chat: GROUP }));
  await bot.handle(incoming('!!!'));
  expect(messenger.texts).toEqual([]);
});
