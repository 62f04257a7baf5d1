import { expect, test } from 'vitest';
import { command } from '../../../src/bot/command.ts';
import { AppError } from '../../../src/errors.ts';
import { incoming, makeBot, rest } from './fakes.ts';

/** A bot whose only command fails, so that all it sends is the sentence that says so. */
const failing = () =>
  makeBot([
    command({
      name: 'bad',
      summary: 'fails',
      run: () => {
        throw new Error('broken');
      },
    }),
  ]);

test('a notice that WhatsApp does not acknowledge leaves the message unfinished', async () => {
  const { bot, clock, messenger } = failing();
  messenger.onSend = () => new Promise(() => undefined);
  const handled = bot.handle(incoming('!bad'));
  await clock.advance(5 * 60_000);
  expect(await handled).toBe('unfinished');
  expect(bot.stats).toMatchObject({ answered: 0, failed: 0, unfinished: 1 });
});

test('a notice that a stop cuts off leaves the message unfinished', async () => {
  const { bot, clock, messenger } = failing();
  messenger.onSend = () => new Promise(() => undefined);
  const handled = bot.handle(incoming('!bad'));
  await rest();
  const stopped = bot.stop();
  await clock.advance(700);
  await stopped;
  expect(await handled).toBe('unfinished');
});

test('a notice that WhatsApp refuses is a warning in the log, and no end of it', async () => {
  const { bot, messenger, log } = failing();
  messenger.onSend = async () => {
    throw new AppError('SEND_REFUSED', 'no');
  };
  expect(await bot.handle(incoming('!bad'))).toBe('done');
  expect(log.of('warn')).toMatchObject([
    { facts: { err: { code: 'SEND_REFUSED' } }, line: 'a notice could not be sent' },
  ]);
});
