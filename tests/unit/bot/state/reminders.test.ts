import fc from 'fast-check';
import { expect, test } from 'vitest';
import { phrases } from '../../../../src/bot/phrases.ts';
import { Interrupted } from '../../../../src/bot/run/interrupted-error.ts';
import { type Reminder, Reminders } from '../../../../src/bot/state/reminders.ts';
import remind from '../../../../src/commands/remind.ts';
import { AppError } from '../../../../src/core/errors.ts';
import type { OutgoingMessage } from '../../../../src/core/messages/outgoing-message.ts';
import { FakeClock, FakeLog, FakeTable, incoming, makeBot, rest, START_MS } from '../fakes.ts';

const HOUR = 3_600_000;
const reminder = (dueInMs: number, overrides: Partial<Reminder> = {}): Reminder => ({
  chat: 'a',
  text: `due in ${dueInMs}`,
  dueAtMs: START_MS + dueInMs,
  person: 'anna',
  mentions: [],
  expirationSeconds: 0,
  ...overrides,
});

function makeReminders(
  table = new FakeTable<Reminder>(),
  clock = new FakeClock(),
  facts: ConstructorParameters<typeof Reminders>[4] = {},
) {
  const sent: OutgoingMessage[] = [];
  const log = new FakeLog();
  const send = { fail: undefined as unknown };
  const deliver = async (message: OutgoingMessage): Promise<void> => {
    if (send.fail !== undefined) throw send.fail;
    // As it is now: its text depends on when it leaves.
    sent.push({ ...message });
  };
  const reminders = new Reminders(table, clock, log, { send: deliver }, facts);
  const texts = () => sent.map(({ content }) => (content.kind === 'text' ? content.text : ''));
  return { table, clock, sent, texts, log, send, reminders };
}

test('reminders are sent when they are due, in that order, and then deleted', async () => {
  const { clock, texts, table, reminders } = makeReminders();
  reminders.start();
  await reminders.add('b', reminder(2 * HOUR));
  await reminders.add('a', reminder(HOUR));
  await reminders.add('c', reminder(2 * HOUR + 1));
  expect(clock.sleeping).toBe(1);
  await clock.advance(HOUR - 1);
  expect(texts()).toEqual([]);
  await clock.advance(1);
  expect(texts()).toEqual(['due in 3600000']);
  await clock.advance(HOUR + 1);
  expect(texts()).toEqual(['due in 3600000', 'due in 7200000', 'due in 7200001']);
  expect(table.size).toBe(0);
  expect(clock.sleeping).toBe(0);
});

test('reminders outlive a restart, and one that became due meanwhile has an apology', async () => {
  const first = makeReminders();
  first.reminders.start();
  await first.reminders.add('a', reminder(HOUR));
  await first.reminders.add('b', reminder(5 * HOUR));
  await first.reminders.stop();
  await first.clock.advance(3 * HOUR);
  expect(first.sent).toEqual([]);
  const second = makeReminders(first.table, first.clock);
  second.reminders.start();
  await second.clock.advance(0);
  expect(second.texts()).toEqual([`due in 3600000\n\n${phrases.lateReminder(phrases.duration(2 * HOUR))}`]);
  await second.clock.advance(2 * HOUR);
  expect(second.texts()[1]).toBe('due in 18000000');
});

test('a reminder is sent again under the same id after a kill between its send and its deletion', async () => {
  const first = makeReminders();
  first.reminders.start();
  await first.reminders.add('a', reminder(HOUR));
  first.table.failure = new AppError('STORAGE_FAILED', 'full');
  await first.clock.advance(HOUR);
  expect(first.log.of('warn')).toHaveLength(1);
  first.table.failure = undefined;
  const second = makeReminders(first.table, first.clock);
  second.reminders.start();
  await second.clock.advance(0);
  expect(second.sent.map(({ id }) => id)).toEqual(first.sent.map(({ id }) => id));
  expect(second.table.size).toBe(0);
});

test('adding the same reminder again changes nothing', async () => {
  const { clock, sent, reminders } = makeReminders();
  reminders.start();
  await reminders.add('a', reminder(HOUR));
  await reminders.add('a', reminder(HOUR));
  await clock.advance(HOUR);
  expect(sent).toHaveLength(1);
});

test.each<[sentence: string, error: unknown, left: number]>([
  ['cut off by a stop is kept', new Interrupted('stopping'), 1],
  ['not acknowledged is kept', new AppError('SEND_TIMEOUT', 'late'), 1],
  ['impossible because of a full disk is kept', new AppError('STORAGE_FAILED', 'full'), 1],
  ['refused for good is dropped', new AppError('SEND_REFUSED', 'no'), 0],
])('a reminder whose send is %s', async (_sentence, error, left) => {
  const { clock, table, send, log, reminders } = makeReminders();
  send.fail = error;
  reminders.start();
  await reminders.add('a', reminder(HOUR));
  await clock.advance(HOUR);
  expect(table.size).toBe(left);
  expect(log.of('warn').map(({ facts }) => facts)).toEqual(left === 0 ? [{ code: 'SEND_REFUSED' }] : []);
});

test('a reminder that WhatsApp did not acknowledge is tried again and counts once', async () => {
  const { clock, texts, table, send, reminders } = makeReminders();
  reminders.start();
  for (let index = 0; index < 50; index += 1) await reminders.add(`${index}`, reminder(HOUR));
  send.fail = new AppError('SEND_TIMEOUT', 'late');
  await clock.advance(HOUR + 119_999);
  expect(texts()).toEqual([]);
  send.fail = undefined;
  await clock.advance(1);
  expect(texts()).toHaveLength(50);
  expect(texts()[0]).toContain(phrases.lateReminder('2 minutes'));
  expect(table.size).toBe(0);
  for (let index = 0; index < 50; index += 1) await reminders.add(`new ${index}`, reminder(9 * HOUR));
  await expect(reminders.add('more', reminder(9 * HOUR))).rejects.toThrow(phrases.remindersFull);
});

test('a reminder for next year is not sent at once, although no timer is that long', async () => {
  const { clock, sent, reminders } = makeReminders();
  reminders.start();
  await reminders.add('a', reminder(365 * 24 * HOUR));
  await clock.advance(HOUR);
  clock.suspend(364 * 24 * HOUR);
  await clock.advance(23 * HOUR - 1);
  expect(sent).toEqual([]);
  await clock.advance(1);
  expect(sent).toHaveLength(1);
});

test('after the machine slept a reminder is sent within a minute, and only a late one has an apology', async () => {
  const { clock, texts, reminders } = makeReminders();
  reminders.start();
  await reminders.add('a', reminder(HOUR));
  await reminders.add('b', reminder(3 * HOUR));
  await clock.advance(60_000);
  clock.suspend(3 * HOUR - 120_000);
  await clock.advance(60_000);
  expect(texts()).toEqual([
    `due in 3600000\n\n${phrases.lateReminder(phrases.duration(2 * HOUR))}`,
    'due in 10800000',
  ]);
});

test('a reminder that waits for the network has an apology when it leaves, and the same id at each try', async () => {
  const { bot, clock, messenger } = makeBot([remind]);
  const tries: Array<readonly [id: string, content: unknown]> = [];
  let open = () => {};
  messenger.onOpen = () => new Promise((resolve) => (open = resolve));
  await bot.start();
  await bot.handle(incoming('!remind 20m tea'));
  messenger.onSend = async ({ id, content }) => {
    tries.push([id, content]);
    if (tries.length === 1) throw new AppError('NOT_CONNECTED', 'away');
  };
  await clock.advance(20 * 60_000);
  await clock.advance(2 * HOUR);
  expect(tries).toMatchObject([[expect.any(String), { text: '⏰ tea' }]]);
  open();
  await rest();
  expect(tries).toMatchObject([
    [tries[0]?.[0], {}],
    [tries[0]?.[0], { text: `⏰ tea\n\n${phrases.lateReminder(phrases.duration(2 * HOUR))}` }],
  ]);
  await bot.stop();
});

test('a person has at most fifty reminders, and may add new ones when old ones are done', async () => {
  const { clock, reminders } = makeReminders();
  reminders.start();
  for (let index = 0; index < 50; index += 1) await reminders.add(`${index}`, reminder(HOUR + index));
  await expect(reminders.add('more', reminder(HOUR))).rejects.toThrow(phrases.remindersFull);
  await reminders.add('ben', reminder(HOUR, { person: 'ben' }));
  await clock.advance(HOUR);
  await reminders.add('more', reminder(HOUR + 60));
  await expect(reminders.add('and more', reminder(HOUR + 60))).rejects.toThrow(phrases.remindersFull);
});

test('all people together have at most ten thousand reminders', async () => {
  const { table, reminders } = makeReminders();
  for (let index = 0; index < 9_999; index += 1)
    table.map.set(`${index}`, reminder(HOUR, { person: `${index}` }));
  reminders.start();
  await reminders.add('last', reminder(HOUR, { person: 'last' }));
  await expect(reminders.add('more', reminder(HOUR, { person: 'more' }))).rejects.toThrow(
    phrases.remindersFull,
  );
});

test('reminders are sent in the order of their due times, and those of the same time in the order in which they were added', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 5 }), { maxLength: 12 }), async (dues) => {
      const { clock, sent, reminders } = makeReminders();
      reminders.start();
      for (const [index, due] of dues.entries())
        await reminders.add(`${index}`, reminder(due, { chat: `${index}` }));
      await clock.advance(5);
      const expected = dues
        .map((due, index) => ({ due, index }))
        .sort((a, b) => a.due - b.due || a.index - b.index);
      expect(sent.map(({ chat }) => Number(chat))).toEqual(expected.map(({ index }) => index));
    }),
    { numRuns: 40 },
  );
});

test('stop() waits for reminders that are being sent, and sets no further timer', async () => {
  const clock = new FakeClock();
  let finish = () => {};
  const send = () => new Promise<void>((resolve) => (finish = resolve));
  const reminders = new Reminders(new FakeTable<Reminder>(), clock, new FakeLog(), { send });
  reminders.start();
  await reminders.add('a', reminder(HOUR));
  await clock.advance(HOUR);
  let isStopped = false;
  const stopped = reminders.stop().finally(() => (isStopped = true));
  await rest();
  expect(isStopped).toBe(false);
  finish();
  await stopped;
  await reminders.add('b', reminder(2 * HOUR));
  expect(clock.sleeping).toBe(0);
});

test('a reminder that cannot be stored is refused', async () => {
  const { clock, sent, table, reminders } = makeReminders();
  reminders.start();
  table.failure = new AppError('STORAGE_FAILED', 'full');
  await expect(reminders.add('a', reminder(HOUR))).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  await clock.advance(2 * HOUR);
  expect(sent).toEqual([]);
});

/** A process that is killed while it sends reminders: the send never ends. */
async function crashWhileSending(
  table: FakeTable<Reminder>,
  clock: FakeClock,
  isCulprit: (chat: string) => boolean,
) {
  const log = new FakeLog();
  const attempts: string[] = [];
  const crashing = new Reminders(
    table,
    clock,
    log,
    {
      send: async ({ chat, content }) => {
        attempts.push(chat);
        if (isCulprit(chat) && content.kind === 'text' && content.text.includes('due in'))
          await new Promise(() => undefined);
      },
    },
    { wasKilled: true },
  );
  crashing.start();
  await clock.advance(0);
  return { attempts, log, setAside: crashing.setAside };
}

test('a reminder that was being sent at two crashes is set aside, its chat is told once, and the others are sent', async () => {
  const table = new FakeTable<Reminder>();
  const clock = new FakeClock();
  table.map.set('bad', reminder(0, { chat: 'bad' }));
  table.map.set('good', reminder(1, { chat: 'good', person: 'ben' }));
  clock.nowMs += 10;
  const isBad = (chat: string) => chat === 'bad';
  const first = await crashWhileSending(table, clock, isBad);
  expect(first.attempts).toEqual(['bad']);
  const second = await crashWhileSending(table, clock, isBad);
  expect(second).toMatchObject({ setAside: 1, attempts: ['bad', 'good'] });
  expect(second.log.of('warn').map(({ facts }) => facts)).toEqual([{ crashes: 2 }]);
  expect(table.size).toBe(0);
  expect((await crashWhileSending(table, clock, isBad)).attempts).toEqual([]);
});

test('another reminder in the chat of the one that crashed the bot is not set aside', async () => {
  const table = new FakeTable<Reminder>();
  const clock = new FakeClock();
  for (const [id, text] of [
    ['1', 'due in a, which crashes'],
    ['2', 'tea'],
  ] as const)
    table.map.set(id, reminder(Number(id), { chat: 'one', text }));
  clock.nowMs += 10;
  for (let crash = 0; crash < 2; crash += 1) await crashWhileSending(table, clock, () => true);
  expect(table.size).toBe(0);
});

test('a kill without a connection and a clean stop do not count as crashes of a reminder', async () => {
  const table = new FakeTable<Reminder>();
  const clock = new FakeClock();
  table.map.set('a', reminder(0));
  const away = { wasKilled: true, messenger: { whenOpen: () => new Promise<void>(() => undefined) } };
  for (let kill = 0; kill < 5; kill += 1) {
    makeReminders(table, clock, away).reminders.start();
    await clock.advance(0);
  }
  const { reminders, texts } = makeReminders(table, clock, { wasKilled: false });
  reminders.start();
  await clock.advance(0);
  expect(texts()).toEqual(['due in 0']);
});

test('the table of reminders is limited in bytes, and each reminder to a year', async () => {
  const { table, reminders } = makeReminders();
  reminders.start();
  const long = 'x'.repeat(9 * 1024 * 1024);
  for (let index = 0; index < 7; index += 1)
    await reminders.add(`${index}`, reminder(HOUR, { person: `${index}`, text: long }));
  await expect(reminders.add('7', reminder(HOUR, { person: '7', text: long }))).rejects.toThrow(
    phrases.remindersFull,
  );
  await expect(reminders.add('far', reminder(366 * 24 * HOUR))).rejects.toThrow(phrases.reminderTooFar);
  expect(table.size).toBe(7);
});
