import { expect, test } from 'vitest';
import { CommandBudget } from '../../../../src/bot/intake/command-budget.ts';
import ping from '../../../../src/commands/ping.ts';
import { limitsReached } from '../../../../src/core/limits/limit-counts.ts';
import { LIMITS } from '../../../../src/core/limits/limits.ts';
import { ANNA, BEN, incoming, makeBot } from '../fakes.ts';

const weight = (bytes: number, chat = 'chat', person = 'anna') => ({ chat, person, bytes });
const reached = (name: string) => new Map<string, number>(limitsReached()).get(name) ?? 0;

test('one command is taken whatever it weighs, and the next one must fit', () => {
  const budget = new CommandBudget();
  expect(budget.add(weight(1e9))).toBeUndefined();
  expect(budget.add(weight(1))).toBe('commands:chat');
  budget.remove(weight(1e9));
  expect(budget.add(weight(1))).toBeUndefined();
});

test('a person is limited over all chats, and other people are not affected', () => {
  const budget = new CommandBudget();
  const half = LIMITS['commands:person'].bytes / 2;
  expect(budget.add(weight(half, 'a'))).toBeUndefined();
  expect(budget.add(weight(half, 'b'))).toBeUndefined();
  expect(budget.add(weight(half, 'c'))).toBe('commands:person');
  expect(budget.add(weight(half, 'c', 'ben'))).toBeUndefined();
});

test('all people together are limited', () => {
  const budget = new CommandBudget();
  const each = LIMITS['commands:person'].bytes;
  const most = LIMITS['commands:all'].bytes / each;
  for (let who = 0; who < most; who += 1)
    expect(budget.add(weight(each, `${who}`, `${who}`))).toBeUndefined();
  expect(budget.add(weight(1, 'new', 'new'))).toBe('commands:all');
});

test('5,000 commands of 60 KB from one person hold a few megabytes, with one warning, and others are answered', async () => {
  const { bot, messenger, log } = makeBot([ping]);
  const before = reached('commands:person');
  messenger.onSend = ({ chat }) => (chat === ANNA.jid ? new Promise(() => undefined) : Promise.resolve());
  for (let index = 0; index < 5_000; index += 1) void bot.handle(incoming(`!ping ${'x'.repeat(60_000)}`));
  expect(bot.stats.commands).toBeLessThan(100);
  expect(bot.stats.commands + bot.stats.overflowed).toBe(5_000);
  expect(reached('commands:person')).toBe(before + bot.stats.overflowed);
  expect(log.of('warn')).toHaveLength(1);
  expect(await bot.handle(incoming('!ping', { sender: BEN }))).toBe('done');
});

test('a command that waited for a whole day is dropped', async () => {
  const { bot, clock, messenger } = makeBot([ping], { handlerLimitMs: 1_000_000_000 });
  let release = (): void => undefined;
  messenger.onSend = () =>
    new Promise((resolve) => {
      release = resolve;
    });
  void bot.handle(incoming('!ping'));
  const second = bot.handle(incoming('!ping'));
  clock.nowMs += LIMITS['commands:chat'].timeMs + 1;
  messenger.onSend = undefined;
  release();
  expect(await second).toBe('done');
  expect(messenger.sent).toHaveLength(1);
});
