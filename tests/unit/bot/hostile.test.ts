import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rest } from '../../../src/bot/args.ts';
import { command } from '../../../src/bot/command.ts';
import { phrases } from '../../../src/bot/phrases.ts';
import { safeError } from '../../../src/bot/run/safe-error.ts';
import help from '../../../src/commands/help.ts';
import id from '../../../src/commands/id.ts';
import ping from '../../../src/commands/ping.ts';
import poll from '../../../src/commands/poll.ts';
import remind from '../../../src/commands/remind.ts';
import type { IncomingMessage } from '../../../src/core/messages/incoming-message.ts';
import { cutText, plainText } from '../../../src/core/plain-text.ts';
import { anyText } from '../any-text.ts';
import { ANNA, GROUP, incoming, makeBot } from './fakes.ts';

const echo = command({
  name: 'echo',
  summary: 'repeats',
  args: { text: rest() },
  run: (ctx) => ctx.reply(ctx.args.text),
});

test('a megabyte of text is answered like any other, with what WhatsApp can carry', async () => {
  const { bot, messenger } = makeBot([echo]);
  const start = performance.now();
  expect(await bot.handle(incoming(`!echo ${'😀'.repeat(250_000)}`))).toBe('done');
  const [text = ''] = messenger.texts;
  expect(text.length).toBeGreaterThan(65_000);
  expect(text.length).toBeLessThanOrEqual(65_536);
  expect(plainText(text)).toBe(text);
  expect(performance.now() - start).toBeLessThan(5_000);
});

test('control characters and marks that turn the text around are not repeated', async () => {
  const { bot, messenger } = makeBot([echo]);
  await bot.handle(incoming('!echo a\u0000b\u001b[31mc\u202ed\u2066e\ud800f\u0085g\nh\ti 👩‍👧'));
  expect(messenger.texts).toEqual(['ab[31mcdefg\nh\ti 👩‍👧']);
});

test('ten thousand mentions are not repeated and cost little time', async () => {
  const { bot, messenger } = makeBot([echo]);
  const mentions = Array.from({ length: 10_000 }, (_, index) => `${index}@s.whatsapp.net`);
  const start = performance.now();
  await bot.handle(incoming('!echo hello @1', { chat: GROUP, mentions }));
  expect(performance.now() - start).toBeLessThan(2_000);
  expect(messenger.sent[0]?.content).toEqual({ kind: 'text', text: 'hello @1' });
});

test('a forged quote gives its sender no rights and puts no words into the answer', async () => {
  const { bot, messenger } = makeBot([id, echo], { settings: { ownerNumbers: ['15559990001'] } });
  const quoted = { id: 'X', text: '!echo forged', senderJid: '15559990001@s.whatsapp.net' };
  await bot.handle(incoming('hello', { quoted }));
  await bot.handle(incoming('!id', { quoted }));
  expect(messenger.texts).toEqual([
    phrases.identity({ id: `+${ANNA.id}`, address: ANNA.jid, chat: ANNA.jid, isOwner: false }),
  ]);
});

test('a message with nonsense in every field neither rejects nor stops the next one', async () => {
  const { bot, messenger } = makeBot([ping]);
  const nonsense: unknown[] = [undefined, null, 0, '!ping', {}, { ...incoming('!ping'), sender: undefined }];
  for (const message of nonsense) expect(await bot.handle(message as IncomingMessage)).toBe('done');
  await bot.handle(incoming('!ping'));
  expect(messenger.texts).toContain('pong');
});

test('the built-in commands answer or stay silent for any text', async () => {
  const { bot, log } = makeBot([help, id, ping, poll, remind, echo]);
  const name = fc.constantFrom('help', 'id', 'ping', 'poll', 'remind', 'echo', '');
  await fc.assert(
    fc.asyncProperty(name, anyText({ maxLength: 60 }), async (command, text) => {
      expect(await bot.handle(incoming(`!${command} ${text}`))).toBe('done');
    }),
  );
  expect(log.of('error')).toEqual([]);
  await bot.stop();
});

test('a flood of one chat is cut at five thousand waiting commands, with one warning', async () => {
  const { bot, messenger, log } = makeBot([ping]);
  messenger.onSend = () => new Promise(() => undefined);
  for (let index = 0; index < 6_000; index += 1) void bot.handle(incoming('!ping'));
  expect(bot.stats).toMatchObject({ overflowed: 999, commands: 5_001 });
  expect(log.of('warn')).toHaveLength(1);
});

test('plain text is not changed, and cutting never leaves half a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat({ max: 40 }), (text, length) => {
      const cut = cutText(text, length);
      expect(cut.length).toBeLessThanOrEqual(length);
      expect(text.startsWith(cut)).toBe(true);
      expect(cut).not.toMatch(/[\ud800-\udbff]$/);
      expect(plainText(plainText(text))).toBe(plainText(text));
    }),
  );
});

test('an error in the log does not contain what the person wrote', () => {
  const text = '{"password": "hunter2 tango", phone +15551234567}';
  let error: unknown;
  try {
    JSON.parse(text);
  } catch (thrown) {
    error = thrown;
  }
  const logged = JSON.stringify([
    safeError(error, text),
    safeError(new Error(`no such user ${ANNA.number}`), text),
    safeError(text, text),
  ]);
  for (const secret of ['hunter2', 'tango', '15551234567', ANNA.number]) expect(logged).not.toContain(secret);
  expect(logged).toContain('SyntaxError');
});
