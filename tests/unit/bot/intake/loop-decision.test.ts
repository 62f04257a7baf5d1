import { expect, test } from 'vitest';
import { command } from '../../../../src/bot/command.ts';
import {
  decideLoop,
  LOOP_LIMITS,
  type LoopEvent,
  type LoopMemory,
} from '../../../../src/bot/intake/loop-decision.ts';
import ping from '../../../../src/commands/ping.ts';
import { SEPARATE_ADDRESSES } from '../../../../src/core/addresses.ts';
import { ANNA, BEN, GROUP, incoming, makeBot, type World } from '../fakes.ts';

const NOTHING = { quotesBot: false, repeatsBot: false, repeatsItself: false };

/** Commands and the bot's answers: how long after the last answer each comes, and how long the answer takes. */
function play(
  turns: number,
  event: (turn: number) => { pauseMs: number; answerMs?: number } & Partial<LoopEvent>,
): string[] {
  let memory: LoopMemory | undefined;
  let answeredAtMs: number | undefined;
  let nowMs = 1_000_000;
  return Array.from({ length: turns }, (_, turn) => {
    const { pauseMs, answerMs = 50, ...seen } = event(turn);
    nowMs += pauseMs;
    const decision = decideLoop(memory, { ...NOTHING, ...seen, atMs: nowMs, answeredAtMs }, LOOP_LIMITS);
    memory = decision.memory;
    if (decision.verdict === 'pass' && answerMs >= 0) answeredAtMs = nowMs + answerMs;
    nowMs += Math.max(0, answerMs);
    return decision.verdict;
  });
}

/** Pauses of a person, in ms: pressing the same thing again and again, but not like a clock. */
const human = (turn: number) => 1_500 + ((turn * 7_919) % 17) * 300;

test.each<
  [sentence: string, turns: number, event: Parameters<typeof play>[1], mutedFrom: number | undefined]
>([
  ['a person who plays ping for a while', 60, (turn) => ({ pauseMs: human(turn) }), undefined],
  ['a machine that takes turns at an even pace', 40, () => ({ pauseMs: 800 }), 20],
  ['a machine whose pace wavers a little', 40, (turn) => ({ pauseMs: 800 + (turn % 5) * 30 }), 20],
  ['a machine that takes its time', 60, () => ({ pauseMs: 60_000 }), undefined],
  ['a burst that waits for no answer', 500, () => ({ pauseMs: 0, answerMs: -1 }), undefined],
  ['a bot that repeats what it hears', 12, (turn) => ({ pauseMs: human(turn), repeatsBot: true }), 6],
  [
    'a bot that repeats at once what it said itself',
    12,
    (turn) => ({ pauseMs: 300 + (turn % 4) * 400, repeatsBot: true, repeatsItself: true }),
    6,
  ],
  [
    'a person who says the same thing to a command that echoes it',
    60,
    (turn) => ({ pauseMs: 2_001 + human(turn), repeatsBot: true, repeatsItself: true }),
    undefined,
  ],
  [
    'a person who says at once what they said before, and what the bot did not repeat',
    60,
    (turn) => ({ pauseMs: 300 + (turn % 4) * 400, repeatsItself: true }),
    undefined,
  ],
  [
    'a bot that quotes what it answers, at once',
    12,
    (turn) => ({ pauseMs: 300 + (turn % 4) * 400, quotesBot: true }),
    6,
  ],
  [
    'a person who answers the bot by quoting',
    60,
    (turn) => ({ pauseMs: 2_100 + human(turn), quotesBot: true }),
    undefined,
  ],
  ['a repeat now and then', 60, (turn) => ({ pauseMs: human(turn), repeatsBot: turn % 3 === 0 }), undefined],
])('the turn at which the loop guard mutes %s: $3', (_sentence, turns, event, mutedFrom) => {
  const verdicts = play(turns, event);
  const first = verdicts.findIndex((verdict) => verdict !== 'pass');
  expect(first).toBe(mutedFrom ?? -1);
  if (mutedFrom === undefined) return;
  expect(verdicts[first]).toBe('mute');
  expect(new Set(verdicts.slice(first + 1))).toEqual(new Set(['muted']));
});

test('the loop guard judges a sender anew when the mute ends', () => {
  const muted: LoopMemory = { lastAtMs: 0, strikes: 0, pausesMs: [], mutedUntilMs: 1_000 };
  const event = { ...NOTHING, answeredAtMs: undefined };
  expect(decideLoop(muted, { ...event, atMs: 999 }, LOOP_LIMITS).verdict).toBe('muted');
  expect(decideLoop(muted, { ...event, atMs: 1_000 }, LOOP_LIMITS).verdict).toBe('pass');
});

test('quick answers to people are not a loop, and quick answers to the bot are one', async () => {
  const { bot, clock, messenger } = makeBot([ping]);
  const ask = async (quotedId: string) => {
    const quoted = { id: quotedId, text: '', senderJid: undefined };
    await bot.handle(incoming('!ping', { chat: GROUP, quoted, sentAtMs: clock.nowMs }));
    await clock.advance(1_000);
  };
  for (let turn = 0; turn < 20; turn += 1) await ask('a message of Ben');
  expect(messenger.sent).toHaveLength(20);
  for (let turn = 0; turn < 20; turn += 1) await ask(messenger.sent.at(-1)?.id ?? '');
  expect(messenger.sent).toHaveLength(25);
});

/** Says what it is told to say. */
const say = command({ name: 'say', summary: 'says a sentence', run: (ctx) => ctx.reply(ctx.text) });

/** Sends these, each so long after the one before, and tells how many were answered. */
async function answered(
  { bot, clock, messenger }: World,
  turns: number,
  turn: (n: number) => { text: string; chat?: string; pauseMs: number },
): Promise<number> {
  for (let n = 0; n < turns; n += 1) {
    const { text, chat = ANNA.jid, pauseMs } = turn(n);
    await bot.handle(incoming(text, { chat, chatKind: 'direct', sentAtMs: clock.nowMs }));
    await clock.advance(pauseMs);
  }
  return messenger.sent.length;
}

const SETTINGS = { settings: { sendsPerChatPerMinute: 30 } };

test('a person who says the same thing again and again to a command that echoes it is answered each time', async () => {
  const world = makeBot([say], SETTINGS);
  const turn = (n: number) => ({ text: '!say good morning all', pauseMs: 2_100 + human(n) });
  expect(await answered(world, 30, turn)).toBe(30);
  expect(world.log.of('warn')).toEqual([]);
});

test('a person who repeats a text that is longer than what is kept is answered each time', async () => {
  const world = makeBot([say], SETTINGS);
  const turn = (n: number) => ({ text: `!say ${'good morning all '.repeat(60)}`, pauseMs: 2_100 + human(n) });
  expect(await answered(world, 30, turn)).toBe(30);
});

test('a bot that repeats the answers in its next commands is muted even if it is slow', async () => {
  let count = 0;
  const next = command({
    name: 'next',
    summary: 'counts',
    run: (ctx) => ctx.reply(`the next number is ${(count += 1)}`),
  });
  const world = makeBot([next], SETTINGS);
  const turn = (n: number) => ({
    text: `!next after: the next number is ${count}`,
    pauseMs: 3_000 + human(n),
  });
  expect(await answered(world, 30, turn)).toBe(6);
});

test('a loop under both addresses of a person counts as one', async () => {
  const chatKeyOf = (chat: string) => (chat === BEN.jid ? ANNA.jid : chat);
  const world = makeBot([say], { ...SETTINGS, addresses: { ...SEPARATE_ADDRESSES, chatKeyOf } });
  const turn = (n: number) => ({
    text: '!say this is a whole sentence',
    chat: n % 2 === 0 ? ANNA.jid : BEN.jid,
    pauseMs: 500 + (n % 3) * 400,
  });
  expect(await answered(world, 30, turn)).toBeLessThan(10);
  expect(world.log.of('warn')).toHaveLength(1);
});

test('a bot that sends back what it gets is muted after a few turns with one warning, and others are answered', async () => {
  const { bot, clock, messenger, log } = makeBot([say, ping], { settings: { sendsPerChatPerMinute: 30 } });
  for (let turn = 0; turn < 50; turn += 1) {
    const handled = bot.handle(
      incoming('!say this is a whole sentence', { chat: GROUP, sentAtMs: clock.nowMs }),
    );
    await clock.advance(1_000 + (turn % 3) * 400);
    await handled;
  }
  expect(messenger.sent.length).toBeLessThan(10);
  expect(log.of('warn')).toHaveLength(1);
  expect(bot.stats.muted).toBe(50 - messenger.sent.length);
  await bot.handle(incoming('!pnig', { chat: GROUP, chatKind: 'direct', sentAtMs: clock.nowMs }));
  expect(messenger.sent.length).toBeLessThan(10);
  await bot.handle(incoming('!ping', { sender: BEN, chat: GROUP, sentAtMs: clock.nowMs }));
  await bot.handle(incoming('!ping', { chat: ANNA.jid, sentAtMs: clock.nowMs }));
  expect(messenger.texts.slice(-2)).toEqual(['pong', 'pong']);
  await clock.advance(10 * 60_000);
  await bot.handle(incoming('!ping', { chat: GROUP, sentAtMs: clock.nowMs }));
  expect(messenger.texts.slice(-3)).toEqual(['pong', 'pong', 'pong']);
});
