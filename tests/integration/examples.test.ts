import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import chatbot from '../../examples/commands/chatbot.ts';
import dailyPost from '../../examples/commands/daily-post.ts';
import groupHelper from '../../examples/commands/group-helper.ts';
import order, { shop } from '../../examples/commands/order.ts';
import quiz from '../../examples/commands/quiz.ts';
import welcome from '../../examples/commands/welcome.ts';
import type { Clock } from '../../src/core/clock.ts';
import type { Person } from '../../src/simulator/phones/person.ts';
import { type Running, runBot, stopBot } from './support/bot.ts';
import { Rig } from './support/rig.ts';

/** A clock that a test sets forward; whoever sleeps looks at it again and again. */
class JumpClock implements Clock {
  aheadMs = 0;

  now(): number {
    return Date.now() + this.aheadMs;
  }

  upMs(): number {
    return performance.now() + this.aheadMs;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, Math.min(ms, 50));
      signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          reject(signal.reason);
        },
        { once: true },
      );
    });
  }
}

let rig: Rig;
let clock: JumpClock;
let anna: Person;
let running: Running | undefined;

beforeEach(async () => {
  rig = new Rig({ answers: false, hasRealWaits: true });
  clock = new JumpClock();
  await rig.pair();
  anna = rig.wa.addPerson();
});

afterEach(async () => {
  expect(running?.log.of('error') ?? []).toEqual([]);
  expect(anna.unreadable).toEqual([]);
  if (running) await stopBot(rig, running);
  running = undefined;
  await rig.destroy();
});

const start = async (handlers: Parameters<typeof runBot>[1], settings = {}): Promise<void> => {
  running = await runBot(rig, handlers, { clock, settings });
};

const restart = async (handlers: Parameters<typeof runBot>[1], settings = {}): Promise<void> => {
  if (running) await stopBot(rig, running);
  await rig.start();
  await rig.state('open');
  await start(handlers, settings);
};

const hears = (person: Person, text: string | RegExp) =>
  person.waitForMessage((message) =>
    typeof text === 'string' ? message.text === text : text.test(message.text ?? ''),
  );

const pollOf = (person: Person, question: string) =>
  person.waitForMessage(({ message }) => message.pollCreationMessageV3?.name === question);

test('examples/commands has exactly the six examples that have a test', () => {
  const files = readdirSync(new URL('../../examples/commands/', import.meta.url));
  expect(files.sort()).toEqual([
    'README.md',
    'chatbot.ts',
    'daily-post.ts',
    'group-helper.ts',
    'order.ts',
    'quiz.ts',
    'welcome.ts',
  ]);
});

test('chatbot answers free text, streams it, and remembers over a restart', async () => {
  await start({ chatbot });
  await anna.send('hello');
  await hears(anna, /message 1, and you say "hello"\. We have just met\.$/);
  await restart({ chatbot });
  await anna.send('who am I?');
  await hears(anna, /message 2, .* Before that you said "hello"\.$/);
});

test('order goes on after a restart at each question and in its sleep', async () => {
  await start({ order });
  await anna.send('!order');
  const poll = await pollOf(anna, 'Which size?');
  await restart({ order });
  await anna.vote(poll.id, ['small']);
  await hears(anna, 'Where to?');
  await restart({ order });
  await anna.send('Main Street 5');
  const baking = await hears(anna, /^Order \d+: baking…$/);
  await restart({ order });
  clock.aheadMs += 20 * 60_000;
  const { act } = await anna.waitForMessage((message) => message.act?.kind === 'edit');
  expect(act).toMatchObject({ of: baking.id, text: expect.stringContaining('on its way') });
  expect([...shop.orders.values()]).toMatchObject([{ size: 'small', where: 'Main Street 5' }]);
});

test('welcome greets who joins a group and mentions them', async () => {
  await start({ welcome });
  const group = rig.wa.addGroup({ people: [anna], subject: 'Friends' });
  group.join(rig.wa.addPerson());
  const greeting = await hears(anna, /^Welcome to Friends, @\d+! Send !rules/);
  expect(greeting.message.extendedTextMessage?.contextInfo?.mentionedJid).toHaveLength(1);
});

test('daily-post posts at its time, and once for a time that was missed', async () => {
  const { jid } = rig.wa.addGroup({ people: [anna] });
  const post = { ...dailyPost, run: dailyPost.run };
  // The group of the example is another one on each account.
  const settings = { mayWriteTo: ['120363000000000001@g.us'] };
  await start({ 'daily-post': readdressed(post, jid) }, { mayWriteTo: [...settings.mayWriteTo, jid] });
  const next = dailyPost.nextAfter(clock.now()) ?? 0;
  clock.aheadMs += next - clock.now() + 1_000;
  await hears(anna, /^Good morning! It is \w+day, and this is post 1\.$/);
  if (running) await stopBot(rig, running);
  clock.aheadMs += 7 * 86_400_000;
  await rig.start();
  await rig.state('open');
  await start({ 'daily-post': readdressed(post, jid) }, { mayWriteTo: [jid] });
  await hears(anna, /this is post 2\.$/);
});

/** The schedule with its sends addressed to another group. */
function readdressed(post: typeof dailyPost, jid: string): typeof dailyPost {
  return { ...post, run: (ctx) => post.run({ ...ctx, sendTo: (_to, say) => ctx.sendTo(jid, say) }) };
}

test('quiz asks three questions by poll and counts the points', async () => {
  await start({ quiz });
  await anna.send('!quiz');
  const first = await pollOf(anna, 'How many legs has a spider?');
  await anna.vote(first.id, ['eight']);
  await hears(anna, 'Right!');
  const second = await pollOf(anna, 'What is the capital of Australia?');
  await anna.vote(second.id, ['Sydney']);
  await hears(anna, 'No, it is Canberra.');
  await pollOf(anna, 'Which planet is the largest?');
  await anna.send('2');
  await hears(anna, 'You have 2 of 3 points. Your best is 2.');
});

test('group-helper renames, promotes, removes and calls everybody', async () => {
  const ben = rig.wa.addPerson();
  const group = rig.wa.addGroup({ people: [anna, ben], subject: 'Old', admins: [anna] });
  await start({ group: groupHelper });
  await anna.send('!group name New friends', group);
  await expect.poll(() => group.subject, { timeout: 10_000 }).toBe('New friends');
  const address = group.addressOf(ben);
  const mention = (what: string) => ({
    extendedTextMessage: {
      text: `!group ${what} @${address.split('@')[0]}`,
      contextInfo: { mentionedJid: [address] },
    },
  });
  await anna.sendMessage(mention('promote'), { to: group });
  await expect.poll(() => group.isAdmin(ben), { timeout: 10_000 }).toBe(true);
  await anna.sendMessage(mention('remove'), { to: group });
  await expect.poll(() => group.has(ben), { timeout: 10_000 }).toBe(false);
  await anna.send('!group everybody Dinner!', group);
  const call = await hears(anna, 'Dinner!');
  expect(call.message.extendedTextMessage?.contextInfo?.mentionedJid?.length).toBeGreaterThan(0);
});
