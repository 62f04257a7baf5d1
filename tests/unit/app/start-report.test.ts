import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { accountLabel, invitation, meantimeSentence, reportStart } from '../../../src/app/start-report.ts';
import type { BotStats } from '../../../src/bot/bot.ts';
import type { ClientEvents } from '../../../src/whatsapp/client-events.ts';
import { FakeClock, rest } from '../bot/fakes.ts';

const NOTHING: BotStats = {
  received: 0,
  commands: 0,
  muted: 0,
  overflowed: 0,
  answered: 0,
  failed: 0,
  unfinished: 0,
  running: 0,
  queued: 0,
  sent: 0,
  setAside: 0,
  reminders: 0,
  ignored: { 'not-a-chat': 0, 'from-a-bot': 0, 'own-send': 0, 'too-old': 0 },
};

const ME = { id: '15550100000:1@s.whatsapp.net', name: 'Owner' };

function start(options: { wasLinked: boolean; me?: { id: string; name?: string } }) {
  const events = new EventEmitter<ClientEvents>();
  const clock = new FakeClock();
  const lines: string[] = [];
  const stop = new AbortController();
  const world: { stats: BotStats | undefined } = { stats: NOTHING };
  const creds = { me: options.me ?? ME };
  const done = reportStart(
    {
      log: { info: (_, line) => void lines.push(line) },
      events,
      session: { wasLinked: options.wasLinked, creds },
      stats: () => world.stats,
      prefix: '!',
      startedAtMs: clock.now(),
      clock,
    },
    stop.signal,
  );
  return { events, clock, lines, stop, world, creds, done };
}

describe('the start report after a pairing', () => {
  test('after a pairing the report says who is linked, with the number masked, and what to try', async () => {
    const { events, lines, done } = start({ wasLinked: false });
    events.emit('opened');
    await done;
    expect(lines).toEqual([`Linked to ${accountLabel(ME)}. ${invitation('!')}`]);
  });

  test('after a pairing the report waits for the name for a limited time', async () => {
    const named = start({ wasLinked: false, me: { id: ME.id } });
    named.events.emit('opened');
    await named.clock.advance(700);
    expect(named.lines).toEqual([]);
    named.creds.me = ME;
    await named.clock.advance(500);
    expect(named.lines[0]).toContain(`Linked to ${accountLabel(ME)}.`);
    const nameless = start({ wasLinked: false, me: { id: ME.id } });
    nameless.events.emit('opened');
    await nameless.clock.advance(2_000);
    expect(nameless.lines[0]).toContain(`Linked to ${accountLabel({ id: ME.id })}.`);
  });

  test('after a pairing a second opening is not reported', async () => {
    const { events, lines, done } = start({ wasLinked: false });
    events.emit('opened');
    await done;
    events.emit('opened');
    await rest();
    expect(lines).toHaveLength(1);
  });

  test('there is no report if the bot stops before the connection opens', async () => {
    const { stop, lines, done } = start({ wasLinked: false });
    stop.abort();
    await done;
    expect(lines).toEqual([]);
  });
});

describe('the start report at a second start', () => {
  test('at a second start the report waits until the messages of the meantime are handled, and says what became of them', async () => {
    const { events, clock, lines, world, done } = start({ wasLinked: true });
    await clock.advance(1_234);
    events.emit('opened');
    await rest();
    world.stats = { ...NOTHING, received: 2, running: 1 };
    await clock.advance(3_000);
    expect(lines).toEqual([]);
    world.stats = { ...NOTHING, received: 2, answered: 2 };
    await clock.advance(1_500);
    await done;
    expect(lines).toEqual([`Back as ${accountLabel(ME)} after 1.2 s. ${meantimeSentence(world.stats)}`]);
  });

  test('at a second start the report does not take a bot that is still being loaded for one that has answered', async () => {
    const { events, clock, lines, world, done } = start({ wasLinked: true });
    world.stats = undefined;
    events.emit('opened');
    await clock.advance(2_000);
    expect(lines).toEqual([]);
    world.stats = { ...NOTHING, received: 1, answered: 1 };
    await clock.advance(2_000);
    await done;
    expect(lines[0]).toContain(meantimeSentence(world.stats));
  });

  test('at a second start the report comes after a minute if the bot always has work', async () => {
    const { events, clock, lines, world, done } = start({ wasLinked: true });
    events.emit('opened');
    world.stats = { ...NOTHING, received: 3, answered: 2, running: 1, queued: 1 };
    await clock.advance(61_000);
    await done;
    expect(lines[0]).toContain(meantimeSentence(world.stats));
  });

  test('at a second start the report ends its wait when the bot stops', async () => {
    const { events, stop, lines, done } = start({ wasLinked: true });
    events.emit('opened');
    await rest();
    stop.abort();
    await done;
    expect(lines).toEqual([]);
  });
});

test.each<[string, Partial<BotStats>, string]>([
  ['nothing', {}, 'No messages came in the meantime.'],
  [
    "the bot's own echoes are no messages",
    { received: 1, ignored: { ...NOTHING.ignored, 'own-send': 1 } },
    'No messages came in the meantime.',
  ],
  ['one', { received: 1, answered: 1 }, '1 message came in the meantime: 1 answered.'],
  [
    'everything that can happen to one',
    { received: 9, answered: 3, failed: 1, ignored: { ...NOTHING.ignored, 'too-old': 2 }, unfinished: 1 },
    '9 messages came in the meantime: 3 answered, 1 failed, 2 too old to be answered, 1 still in progress, ' +
      '2 not for the bot.',
  ],
])('the start report sums up the meantime: %s', (_, counts, sentence) => {
  expect(meantimeSentence({ ...NOTHING, ...counts })).toBe(sentence);
});

test.each([
  [ME, 'Owner (+1555•••000)'],
  [{ id: ME.id }, '+1555•••000'],
  [{ id: '100000000000000:1@lid', name: 'Owner' }, 'Owner'],
  [undefined, 'your account'],
])('the report calls the account %j %s', (me, label) => {
  expect(accountLabel(me)).toBe(label);
});

test('the hint of the report has a space between a prefix that is a word and the command', () => {
  expect(invitation('bot')).toBe('Send bot ping to this account from another phone, or bot help.');
});
