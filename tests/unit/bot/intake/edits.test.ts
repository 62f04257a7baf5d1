import { expect, test } from 'vitest';
import ping from '../../../../src/commands/ping.ts';
import { AppError } from '../../../../src/core/errors.ts';
import { ANNA, BEN, GROUP, incoming, makeBot, rest, START_MS } from '../fakes.ts';

const edit = (text: string, edits: string, overrides: object = {}) => incoming(text, { edits, ...overrides });

test('a mistyped command that is edited into one runs once, under its own id', async () => {
  const { bot, messenger } = makeBot([ping]);
  await bot.handle(incoming('ping', { id: 'M' }));
  const fixed = edit('!ping', 'M');
  expect(await bot.handle(fixed)).toBe('done');
  expect(await bot.handle(fixed)).toBe('done');
  await bot.handle(edit('!ping again', 'M'));
  expect(messenger.texts).toEqual(['pong']);
  expect(messenger.sent[0]?.quote).toBe(fixed);
});

test('an unknown command can be edited into a known one', async () => {
  const { bot, messenger } = makeBot([ping]);
  await bot.handle(incoming('!pnig', { id: 'M', chat: GROUP }));
  await bot.handle(edit('!ping', 'M', { chat: GROUP }));
  expect(messenger.texts).toEqual(['pong']);
});

test('the edit of a command that ran is ignored', async () => {
  const { bot, messenger } = makeBot([ping]);
  await bot.handle(incoming('!ping', { id: 'M' }));
  await bot.handle(edit('!ping now', 'M'));
  expect(messenger.texts).toEqual(['pong']);
});

test.each<[sentence: string, text: string, expected: string[]]>([
  ['another command takes its place', '!ping two', ['hello', 'pong']],
  ['nothing runs if the edit is no command', 'never mind', ['hello']],
])('after the edit of a command that still waits, %s', async (_sentence, text, expected) => {
  const { bot, messenger } = makeBot([ping]);
  let isFirst = true;
  let release = () => {};
  messenger.onSend = async () => {
    if (!isFirst) return;
    isFirst = false;
    await new Promise<void>((resolve) => (release = resolve));
  };
  const handled = [
    bot.handle(incoming('!ping')),
    bot.handle(incoming('!ping', { id: 'M' })),
    bot.handle(edit(text, 'M')),
  ];
  await rest();
  release();
  expect(await Promise.all(handled)).toEqual(['done', 'done', 'done']);
  expect(messenger.sent).toHaveLength(expected.length);
});

test('an edit may come under the other address of its sender', async () => {
  const { bot, messenger } = makeBot([ping]);
  await bot.handle(incoming('ping', { id: 'M' }));
  const chat = '7001@lid';
  await bot.handle(edit('!ping', 'M', { chat, sender: { ...ANNA, jid: chat } }));
  expect(messenger.sent.map((sent) => sent.chat)).toEqual([chat]);
});

test('an edit that comes after exactly five minutes still runs', async () => {
  const { bot, messenger } = makeBot([ping]);
  await bot.handle(incoming('ping', { id: 'M' }));
  await bot.handle(edit('!ping', 'M', { sentAtMs: START_MS + 300_000 }));
  expect(messenger.texts).toEqual(['pong']);
});

test('an edit replaces a command that waited longer than five minutes', async () => {
  const { bot, messenger } = makeBot([ping]);
  let release = () => {};
  messenger.onSend = () => new Promise((resolve) => (release = resolve));
  void bot.handle(incoming('!ping'));
  const waiting = incoming('!ping', { id: 'M' });
  const fixed = edit('!ping', 'M', { sentAtMs: START_MS + 360_000 });
  const handled = [bot.handle(waiting), bot.handle(fixed)];
  await rest();
  messenger.onSend = undefined;
  release();
  await Promise.all(handled);
  expect(messenger.sent.map(({ quote }) => quote)).toEqual([expect.anything(), fixed]);
});

test('an edit by another person is ignored', async () => {
  const { bot, messenger } = makeBot([ping]);
  await bot.handle(incoming('ping', { id: 'M', chat: GROUP }));
  await bot.handle(edit('!ping', 'M', { chat: GROUP, sender: BEN }));
  expect(messenger.sent).toEqual([]);
});

test('an edit after more than five minutes, or of an unknown message, is ignored', async () => {
  const { bot, messenger, log } = makeBot([ping]);
  await bot.handle(incoming('ping', { id: 'M' }));
  await bot.handle(edit('!ping', 'M', { sentAtMs: START_MS + 300_001 }));
  await bot.handle(edit('!ping', 'UNSEEN'));
  expect(messenger.sent).toEqual([]);
  expect(log.lines).toEqual([]);
});

test('an edit that was in progress at a crash runs after the restart', async () => {
  const first = makeBot([ping]);
  first.messenger.onSend = () => new Promise(() => undefined);
  await first.bot.handle(incoming('ping', { id: 'M' }));
  const fixed = edit('!ping', 'M');
  void first.bot.handle(fixed);
  await rest();
  const second = makeBot([ping], { storage: first.storage });
  expect(await second.bot.handle(fixed)).toBe('done');
  expect(second.messenger.texts).toEqual(['pong']);
  expect(second.storage.table('edits').size).toBe(0);
});

test('an edit that a stop left unfinished is run after the next start', async () => {
  const first = makeBot([ping]);
  first.messenger.onSend = () => new Promise(() => undefined);
  await first.bot.handle(incoming('ping', { id: 'M' }));
  const fixed = edit('!ping', 'M');
  const handled = first.bot.handle(fixed);
  await rest();
  const stopped = first.bot.stop();
  await first.clock.advance(700);
  await stopped;
  expect(await handled).toBe('unfinished');
  const second = makeBot([ping], { storage: first.storage });
  expect(await second.bot.handle(fixed)).toBe('done');
  expect(second.messenger.texts).toEqual(['pong']);
});

test.each<[sentence: string, texts: string[], expected: string[]]>([
  ['by another command, which runs alone', ['!ping two'], ['pong']],
  ['twice: the last one runs alone', ['!ping two', '!ping three'], ['pong']],
  ['into no command: nothing runs', ['never mind'], []],
  ['into a command and then into none: nothing runs', ['!ping two', 'never mind'], []],
])('a command that waited when the bot was killed had been edited %s', async (_sentence, texts, expected) => {
  const first = makeBot([ping]);
  first.messenger.onSend = () => new Promise(() => undefined);
  void first.bot.handle(incoming('!ping'));
  const waiting = incoming('!ping', { id: 'M' });
  const edits = texts.map((text) => edit(text, 'M'));
  const handled: string[] = [];
  for (const message of [waiting, ...edits])
    void first.bot.handle(message).then((result) => result === 'done' && handled.push(message.key));
  await rest();
  const second = makeBot([ping], { storage: first.storage });
  const left = [waiting, ...edits].filter(({ key }) => !handled.includes(key));
  expect(left).toContain(waiting);
  for (const message of left) expect(await second.bot.handle(message)).toBe('done');
  expect(second.messenger.texts).toEqual(expected);
  expect(second.messenger.sent.map(({ quote }) => quote)).toEqual(expected.map(() => edits.at(-1)));
});

test('an edit replaces a command from a LID even if its number became known in between', async () => {
  const first = makeBot([ping]);
  first.messenger.onSend = () => new Promise(() => undefined);
  void first.bot.handle(incoming('!ping', { sender: BEN }));
  const waiting = incoming('!ping', { id: 'M', sender: BEN });
  const known = { ...BEN, id: '15551230002', number: '15551230002' };
  const fixed = edit('!ping two', 'M', { sender: known });
  void first.bot.handle(waiting);
  void first.bot.handle(fixed);
  await rest();
  const second = makeBot([ping], { storage: first.storage });
  for (const message of [{ ...waiting, sender: known }, fixed]) await second.bot.handle(message);
  expect(second.messenger.sent.map(({ quote }) => quote)).toEqual([fixed]);
});

/** A bot whose notes of edits get to the disk when `write` is called. */
function withSlowDisk() {
  const world = makeBot([ping]);
  let write = () => {};
  world.storage.table('edits').set = () => new Promise((resolve) => (write = resolve));
  return { ...world, write: () => write() };
}

test('an edit runs only after the decision to run it is on disk', async () => {
  const { bot, messenger, write } = withSlowDisk();
  await bot.handle(incoming('ping', { id: 'M' }));
  const handled = bot.handle(edit('!ping', 'M'));
  await rest();
  expect(messenger.sent).toEqual([]);
  write();
  expect(await handled).toBe('done');
  expect(messenger.texts).toEqual(['pong']);
});

test('a command that its edit replaces is done when the decision is on disk', async () => {
  const { bot, messenger, write } = withSlowDisk();
  let release = () => {};
  messenger.onSend = () => new Promise((resolve) => (release = resolve));
  void bot.handle(incoming('!ping'));
  let isDone = false;
  const original = bot.handle(incoming('!ping', { id: 'M' })).finally(() => (isDone = true));
  void bot.handle(edit('!ping two', 'M'));
  await rest();
  messenger.onSend = undefined;
  release();
  await rest();
  expect(isDone).toBe(false);
  write();
  expect(await original).toBe('done');
});

test('an edit is answered even if the disk is full', async () => {
  const { bot, messenger, storage } = makeBot([ping]);
  storage.table('edits').failure = new AppError('STORAGE_FAILED', 'full');
  await bot.handle(incoming('ping', { id: 'M' }));
  expect(await bot.handle(edit('!ping', 'M'))).toBe('done');
  expect(messenger.texts).toEqual(['pong']);
});

test('the start removes notes of edits that are a day old', async () => {
  const { bot, storage } = makeBot([ping]);
  await storage.table('edits').set('old', { atMs: START_MS - 86_400_001, edit: 'E1' });
  await storage.table('edits').set('new', { atMs: START_MS, edit: 'E2' });
  await bot.start();
  expect([...storage.table('edits').entries()].map(([key]) => key)).toEqual(['new']);
});
