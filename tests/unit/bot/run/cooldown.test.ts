import { expect, test } from 'vitest';
import { command } from '../../../../src/bot/command.ts';
import { phrases } from '../../../../src/bot/phrases.ts';
import { Cooldowns } from '../../../../src/bot/run/cooldown.ts';
import { BEN, incoming, makeBot } from '../fakes.ts';

test('a person may use a command once in its cooldown, and is told once that it was too early', () => {
  const cooldowns = new Cooldowns();
  const use = (command: string, person: string, nowMs: number) =>
    cooldowns.use(command, person, `${nowMs}`, 5_000, nowMs).verdict;
  expect(use('a', 'anna', 0)).toBe('go');
  expect(use('a', 'anna', 1_000)).toBe('tell');
  expect(use('a', 'anna', 2_000)).toBe('silent');
  expect(use('b', 'anna', 2_000)).toBe('go');
  expect(use('a', 'ben', 2_000)).toBe('go');
  expect(use('a', 'anna', 5_000)).toBe('go');
  expect(use('a', 'anna', 6_000)).toBe('tell');
  expect(cooldowns.use('c', 'anna', 'x', 0, 0).verdict).toBe('go');
  expect(cooldowns.use('c', 'anna', 'x', 0, 0).verdict).toBe('go');
});

test('the cooldown does not apply to owners, and wrong usage does not start it', async () => {
  const slow = command({
    name: 'slow',
    summary: 'is slow',
    cooldownSeconds: 60,
    run: (ctx) => ctx.reply('ok'),
  });
  const { bot, clock, messenger } = makeBot([slow], { settings: { ownerNumbers: ['15551230001'] } });
  for (let turn = 0; turn < 3; turn += 1) await bot.handle(incoming('!slow', { sender: BEN }));
  expect(messenger.texts).toEqual(['ok', phrases.tooSoon(phrases.duration(60_000))]);
  await clock.advance(60_000);
  await bot.handle(incoming('!slow', { sender: BEN }));
  for (let turn = 0; turn < 3; turn += 1) await bot.handle(incoming('!slow'));
  expect(messenger.texts.slice(2)).toEqual(['ok', 'ok', 'ok', 'ok']);
});

test('the cooldown does not apply to a message that is handed over again', async () => {
  const slow = command({ name: 'slow', summary: 's', cooldownSeconds: 3_600, run: (ctx) => ctx.reply('ok') });
  const { bot, clock, messenger } = makeBot([slow]);
  messenger.onSend = () => new Promise(() => undefined);
  const message = incoming('!slow');
  const handled = bot.handle(message);
  await clock.advance(5 * 60_000);
  expect(await handled).toBe('unfinished');
  messenger.onSend = undefined;
  expect(await bot.handle(message)).toBe('done');
  expect(messenger.texts).toEqual(['ok']);
});
