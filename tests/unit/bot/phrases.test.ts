import { afterEach, expect, test } from 'vitest';
import { command } from '../../../src/bot/command.ts';
import { phrases, replacePhrases } from '../../../src/bot/phrases.ts';
import { decideVerdict } from '../../../src/bot/run/run-result.ts';
import { incoming, makeBot } from './fakes.ts';

const english = { ...phrases };
afterEach(() => replacePhrases(english));

const MINUTE = 60_000;
const identity = { id: '+1', address: '1@s.whatsapp.net', chat: '2@g.us', isOwner: false };

test.each<[said: string, english: string]>([
  [english.unknownCommand('!help'), "I don't know that one. Send !help for what I can do."],
  [english.failed, 'Sorry, something went wrong on my side.'],
  [english.cancelled, 'Cancelled.'],
  [english.chooseOne(['small', 'large']), 'Please choose one of: small, large.'],
  [english.groupsOnly, 'That works in groups only.'],
  [english.adminsOnly, 'Only admins of this group may do that.'],
  [english.ownersOnly, 'Only the owners of this bot may do that.'],
  [english.tooSoon(english.duration(MINUTE)), 'Please wait 1 minute before the next one.'],
  [english.usage('!remind <20m>', ''), 'Usage: !remind <20m>'],
  [english.usage('!remind <20m>', 'That is no time.'), 'That is no time.\nUsage: !remind <20m>'],
  [english.lateReminder(english.duration(120 * MINUTE)), '(Sorry, this is 2 hours late: I was away.)'],
  [english.reminderKept(english.duration(20 * MINUTE)), 'I will remind you in 20 minutes.'],
  [english.textTooLong(4_000), 'I keep at most 4000 characters.'],
  [english.fileTooLarge(8), 'That file is too large: I take at most 8 MB.'],
  [english.fileTooSlow, 'That file took too long to fetch. Please try again.'],
  [english.fileGone, 'I could not fetch that file: it is too large, damaged or gone.'],
  [
    english.helpOne({ usage: '!help [command]', summary: 'lists commands', aliases: ['menu'] }),
    'Usage: !help [command]\n   lists commands\nAlso: menu',
  ],
  [english.noSuchCommand, 'There is no such command for you here.'],
  [english.identity(identity), 'You: +1\nYour address: 1@s.whatsapp.net\nThis chat: 2@g.us'],
  [
    english.identity({ ...identity, isOwner: true }),
    'You: +1\nYour address: 1@s.whatsapp.net\nThis chat: 2@g.us\nYou are an owner of this bot.',
  ],
  [
    english.status({
      connection: 'open',
      connectionAgeMs: MINUTE,
      uptimeMs: 60 * MINUTE,
      counts: [['sent', 3]],
    }),
    'Connection: open, for 1 minute\nRunning for 1 hour\nsent: 3',
  ],
  [english.pollQuestionTooLong(255), 'The question may have 255 characters.'],
  [english.pollOptionTooLong(100), 'An option may have 100 characters.'],
  [english.pollOptionsEqual, 'Two options are the same.'],
  [english.stickerNeedsPicture, 'Send it with an image, or in answer to one.'],
])('the bot says in English: %j', (said, text) => {
  expect(said).toBe(text);
});

test('a replaced phrase is what the bot says, and the others stay', () => {
  replacePhrases({ failed: 'Entschuldigung, das ging schief.' });
  expect(decideVerdict({ kind: 'threw', error: new Error('x') }).notice).toBe(
    'Entschuldigung, das ging schief.',
  );
  expect(decideVerdict({ kind: 'too-late' }).notice).toBe(english.tookTooLong);
});

test('a handler that manages a group says the replaced phrase in a direct chat', async () => {
  replacePhrases({ groupsOnly: 'Das geht nur in Gruppen.' });
  const name = command({ name: 'name', summary: 's', run: (ctx) => ctx.admin.rename('Garden') });
  const { bot, messenger } = makeBot([name]);
  await bot.handle(incoming('!name'));
  expect(messenger.texts).toEqual(['Das geht nur in Gruppen.']);
});

test.each<[own: object, named: RegExp]>([
  [{ faild: 'x' }, /"faild" .*"failed"\?$/],
  [{ ownerOnly: 'x' }, /"ownerOnly" .*"ownersOnly"\?$/],
  [{ hello: 'x' }, /"hello" .*: unknownCommand, failed, /],
  [{ tooSoon: 'later' }, /"tooSoon" .*function/],
  [{ failed: undefined }, /"failed" .*string/],
])('phrases that do not fit are refused and change nothing: %j', (own, named) => {
  expect(() => replacePhrases({ cancelled: 'Ende.', ...own })).toThrow(
    expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringMatching(named) }),
  );
  expect(phrases).toEqual(english);
});
