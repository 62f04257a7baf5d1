import sharp from 'sharp';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Command, command } from '../../src/bot/command.ts';
import { listener } from '../../src/bot/listener.ts';
import { type Running, runBot, stopBot } from './support/bot.ts';
import { Rig } from './support/rig.ts';

let rig: Rig;

beforeEach(() => {
  // The media host of the simulator has a certificate of its own.
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  rig = new Rig({ answers: false, hasRealWaits: true });
});

afterEach(async () => {
  await rig.destroy();
  vi.unstubAllEnvs();
});

type Handlers = Parameters<typeof runBot>[1];

/** A bot with these commands and listeners on the client of the rig. */
const run = (commands: readonly Command[], listeners: Handlers = {}): Promise<Running> =>
  runBot(rig, { ...Object.fromEntries(commands.map((one) => [one.name, one])), ...listeners });

const stop = (running: Running): Promise<void> => stopBot(rig, running);

const placed: string[] = [];
const order = command({
  name: 'order',
  summary: 'orders a pizza',
  async run(ctx) {
    const size = await ctx.choose('Which size?', ['small', 'large']);
    const where = await ctx.ask('Where to?', { timeoutMs: 10 * 60_000 });
    const id = await ctx.step('place', (key) => {
      placed.push(key);
      return 7;
    });
    const sent = await ctx.reply(`Order ${id}: ${size} to ${where.text || where.location?.name}`);
    await ctx.sleep(1_500);
    await sent.edit(`Order ${id}: on its way`);
  },
});

test('a dialogue with a vote and a place goes on after each restart, and its messages can be read', async () => {
  placed.length = 0;
  await rig.pair();
  const anna = rig.wa.addPerson();
  let running = await run([order]);
  await anna.send('!order');
  const poll = await anna.waitForMessage(
    ({ message }) => message.pollCreationMessageV3 !== undefined && message.pollCreationMessageV3 !== null,
  );
  await stop(running);

  await rig.start();
  await rig.state('open');
  running = await run([order]);
  await anna.vote(poll.id, ['large']);
  await anna.waitForMessage(({ text }) => text === 'Where to?');
  await stop(running);

  await rig.start();
  await rig.state('open');
  running = await run([order]);
  await anna.sendMessage({
    locationMessage: { degreesLatitude: 52.5, degreesLongitude: 13.4, name: 'Main Street 5' },
  });
  const confirmed = await anna.waitForMessage(({ text }) => text === 'Order 7: large to Main Street 5');
  await stop(running);

  await rig.start();
  await rig.state('open');
  running = await run([order]);
  const edit = await anna.waitForMessage(({ act }) => act?.kind === 'edit');
  expect(edit.act).toMatchObject({ kind: 'edit', of: confirmed.id, text: 'Order 7: on its way' });
  expect(placed).toHaveLength(1);
  expect(anna.unreadable).toEqual([]);
  expect(anna.inbox).toHaveLength(4);
  expect(running.log.of('error')).toEqual([]);
  await stop(running);
}, 60_000);

test('listeners hear free text, reactions, edits and deletions; a bot without them stays silent', async () => {
  await rig.pair();
  const anna = rig.wa.addPerson();
  const running = await run([], {
    chat: listener({ on: 'message', in: 'direct', run: (ctx) => ctx.reply(`You said ${ctx.text}`) }),
    reaction: listener({
      on: 'reaction',
      run: (ctx) => ctx.send(ctx.event?.kind === 'reaction' ? `${ctx.event.emoji} ${ctx.event.target}` : '?'),
    }),
    deleted: listener({
      on: 'deleted',
      run: (ctx) => ctx.send(ctx.event?.kind === 'deleted' ? `gone ${ctx.event.target}` : '?'),
    }),
    edited: listener({ on: 'edited', run: (ctx) => ctx.send(`edited: ${ctx.text}`) }),
  });
  const { id } = await anna.send('hello');
  const answer = await anna.waitForMessage(({ text }) => text === 'You said hello');
  await anna.react(answer.id, '👍');
  await anna.waitForMessage(({ text }) => text === `👍 ${answer.id}`);
  await anna.edit(id, 'hello again');
  await anna.waitForMessage(({ text }) => text === 'edited: hello again');
  await anna.delete(id);
  await anna.waitForMessage(({ text }) => text === `gone ${id}`);
  expect(anna.inbox).toHaveLength(4);
  await stop(running);
});

test('a vote counts in a poll that was sent twice, as after a kill between the poll and its note', async () => {
  await rig.pair();
  const anna = rig.wa.addPerson();
  const content = { kind: 'poll', question: 'Lunch?', options: ['pizza', 'soup'], maxChoices: 1 } as const;
  const id = '3EB0DDDDDDDDDDDDDDDD';
  const votes: unknown[] = [];
  rig.client.on('received', ({ event }) => {
    if (event?.kind === 'vote') votes.push(event.options);
  });
  rig.client.inbox.setWanted(() => true);
  for (let time = 0; time < 2; time += 1)
    await rig.client.send({ id, chat: anna.jid, content }, AbortSignal.timeout(10_000));
  await expect.poll(() => anna.duplicates, { timeout: 10_000 }).toBe(1);
  await anna.vote(id, ['soup']);
  await expect.poll(() => votes, { timeout: 10_000 }).toEqual([['soup']]);
});

test('a message of the bot can be edited, deleted and reacted to, and votes in its poll are counted', async () => {
  await rig.pair();
  const anna = rig.wa.addPerson();
  const polls: Array<{ votes(): unknown }> = [];
  const running = await run([
    command({
      name: 'handles',
      summary: 'uses handles',
      async run(ctx) {
        const sent = await ctx.reply('one');
        await sent.edit('two');
        await sent.react('🎉');
        await sent.delete();
        polls.push(await ctx.poll('Lunch?', ['pizza', 'soup']));
      },
    }),
  ]);
  await anna.send('!handles');
  const poll = await anna.waitForMessage(({ message }) => Boolean(message.pollCreationMessageV3));
  const first = anna.inbox[0];
  expect(anna.inbox.map(({ act }) => act)).toEqual([
    undefined,
    { kind: 'edit', of: first?.id, text: 'two' },
    { kind: 'reaction', of: first?.id, emoji: '🎉' },
    { kind: 'deletion', of: first?.id },
    undefined,
  ]);
  await anna.vote(poll.id, ['soup']);
  await expect.poll(() => polls[0]?.votes(), { timeout: 10_000 }).toEqual({ pizza: [], soup: [anna.number] });
  await anna.vote(poll.id, ['pizza']);
  await expect.poll(() => polls[0]?.votes(), { timeout: 10_000 }).toEqual({ pizza: [anna.number], soup: [] });
  await stop(running);
});

test('voice notes, view-once images, places, contacts, GIFs and albums arrive as such', async () => {
  await rig.pair();
  const anna = rig.wa.addPerson();
  const image = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer();
  const file = Buffer.from('some bytes');
  const running = await run([
    command({
      name: 'all',
      summary: 'sends everything',
      async run(ctx) {
        await ctx.send({ audio: file, voice: true, seconds: 2 });
        await ctx.send({ image, caption: 'once', viewOnce: true });
        await ctx.send({ location: { latitude: 52.5, longitude: 13.4, name: 'Berlin' } });
        await ctx.send({ contacts: [{ name: 'Ben', numbers: ['15551230002'] }] });
        await ctx.send({ video: file, gif: true });
        await ctx.send({
          album: [
            { image, caption: 'a' },
            { image, caption: 'b' },
          ],
        });
        await ctx.send('done');
      },
    }),
  ]);
  await anna.send('!all');
  await anna.waitForMessage(({ text }) => text === 'done', 20_000);
  const [voice, once, place, contact, gif, album, first, second] = anna.inbox.map(({ message }) => message);
  expect(voice?.audioMessage).toMatchObject({ ptt: true, seconds: 2 });
  expect(voice?.audioMessage?.waveform?.length).toBe(64);
  expect(once?.viewOnceMessage?.message?.imageMessage?.caption).toBe('once');
  expect(place?.locationMessage).toMatchObject({ degreesLatitude: 52.5, name: 'Berlin' });
  expect(contact?.contactMessage?.vcard).toContain('waid=15551230002');
  expect(gif?.videoMessage?.gifPlayback).toBe(true);
  expect(album?.albumMessage).toMatchObject({ expectedImageCount: 2 });
  for (const one of [first, second])
    expect(one?.messageContextInfo?.messageAssociation?.parentMessageKey?.id).toBe(anna.inbox[5]?.id);
  expect(running.log.of('error')).toEqual([]);
  await stop(running);
}, 40_000);

test('listeners hear who joins, leaves and is promoted, changes of the group, and calls; an admin bot acts', async () => {
  await rig.pair();
  const anna = rig.wa.addPerson();
  const ben = rig.wa.addPerson();
  const group = rig.wa.addGroup({ people: [anna], subject: 'Friends' });
  const heard: string[] = [];
  const note = (on: 'joined' | 'left' | 'promoted' | 'demoted' | 'group-changed' | 'call') =>
    listener({
      on,
      run: (ctx) => {
        const { event } = ctx;
        const people =
          event !== undefined && 'people' in event ? event.people.map(({ number }) => number) : [];
        heard.push([on, ...people].join(' '));
      },
    });
  const running = await run(
    [
      command({
        name: 'kick',
        summary: 'removes somebody',
        async run(ctx) {
          const facts = await ctx.group();
          const who = facts?.members.find(({ id }) => id === ben.number);
          if (who) await ctx.admin.remove(who);
          await ctx.admin.rename('Old friends');
          await ctx.reply(await ctx.admin.inviteLink());
        },
      }),
    ],
    Object.fromEntries(
      (['joined', 'left', 'promoted', 'demoted', 'group-changed', 'call'] as const).map((on) => [
        on,
        note(on),
      ]),
    ),
  );
  group.join(ben);
  group.promote(anna, ben);
  group.demote(anna, ben);
  group.setSubject(anna, 'Best friends');
  anna.call();
  // The call is in another chat.
  await expect.poll(() => heard.includes('call'), { timeout: 10_000 }).toBe(true);
  const inGroup = () => heard.filter((one) => one !== 'call');
  await expect
    .poll(inGroup, { timeout: 10_000 })
    .toEqual([`joined ${ben.number}`, `promoted ${ben.number}`, `demoted ${ben.number}`, 'group-changed']);
  await anna.send('!kick', group);
  const { text } = await anna.waitForMessage(
    ({ text }) => text?.startsWith('https://chat.whatsapp.com/') === true,
  );
  expect(text).toContain(group.inviteCode);
  expect(group.subject).toBe('Old friends');
  expect(group.has(ben)).toBe(false);
  await expect.poll(() => heard.includes(`left ${ben.number}`), { timeout: 10_000 }).toBe(true);
  expect(running.log.of('error')).toEqual([]);
  await stop(running);
}, 40_000);
