import { expect, test } from 'vitest';
import { command } from '../../../src/bot/command.ts';
import { type ListenerSpec, listener } from '../../../src/bot/listener.ts';
import { ListenerRegistry } from '../../../src/bot/loading/listener-registry.ts';
import { phrases } from '../../../src/bot/phrases.ts';
import { schedule } from '../../../src/bot/schedule.ts';
import ping from '../../../src/commands/ping.ts';
import { AppError } from '../../../src/core/errors.ts';
import type { IncomingEvent, IncomingMessage } from '../../../src/core/messages/incoming-message.ts';
import { ANNA, BEN, FakeStorage, GROUP, incoming, makeBot } from './fakes.ts';

function heard(spec: Omit<ListenerSpec, 'run'>, more: Parameters<typeof makeBot>[1] = {}) {
  const listeners = new ListenerRegistry();
  const texts: string[] = [];
  listeners.set(
    'src/listeners/one.ts',
    listener({ ...spec, run: (ctx) => void texts.push(ctx.text || (ctx.event?.kind ?? '')) }),
  );
  return { texts, listeners, ...makeBot([ping], { listeners, ...more }) };
}

const IMAGE = { kind: 'image', mimetype: 'image/png', sizeBytes: 1, fileName: undefined } as const;

test.each<
  [sentence: string, spec: Omit<ListenerSpec, 'run'>, message: Partial<IncomingMessage>, isHeard: boolean]
>([
  ['free text in a direct chat', { on: 'message' }, {}, true],
  ['free text in a group', { on: 'message' }, { chat: GROUP }, true],
  ['a group message for a listener of direct chats', { on: 'message', in: 'direct' }, { chat: GROUP }, false],
  ['a direct message for a listener of groups', { on: 'message', in: 'group' }, {}, false],
  ['a group message that is not for the bot', { on: 'message', when: 'addressed' }, { chat: GROUP }, false],
  [
    'a mention by number',
    { on: 'message', when: 'addressed' },
    { chat: GROUP, mentions: ['15559990000@s.whatsapp.net'] },
    true,
  ],
  ['a mention by LID', { on: 'message', when: 'addressed' }, { chat: GROUP, mentions: ['9000@lid'] }, true],
  [
    'a mention of somebody else',
    { on: 'message', when: 'addressed' },
    { chat: GROUP, mentions: ['9001@lid'] },
    false,
  ],
  ['a text that it contains in other case', { on: 'message', text: 'HELLO' }, { text: 'oh hello' }, true],
  ['a text that matches', { on: 'message', text: /^h.*o$/g }, { text: 'hello' }, true],
  ['a text that does not match', { on: 'message', text: /^x/ }, { text: 'hello' }, false],
  ['an image', { on: 'message', media: 'image' }, { text: 'hello', media: IMAGE }, true],
  ['an image where a video is wanted', { on: 'message', media: 'video' }, { media: IMAGE }, false],
  [
    'a place',
    { on: 'message', location: true },
    { text: 'hello', location: { latitude: 1, longitude: 2 } },
    true,
  ],
  ['a text where a contact is wanted', { on: 'message', contact: true }, {}, false],
  [
    'a reaction for a listener of messages',
    { on: 'message' },
    { event: { kind: 'reaction', target: 'x', emoji: '👍' } },
    false,
  ],
  ['what the owner types on a phone', { on: 'message' }, { isFromMe: true }, false],
  ['a message of another bot', { on: 'message' }, { isFromBot: true }, false],
  ['an old message', { on: 'message' }, { sentAtMs: 0 }, false],
  ['a command', { on: 'message' }, { text: '!ping' }, false],
])('whether a listener runs for %s: $3', async (_sentence, spec, message, isHeard) => {
  const { bot, texts } = heard(spec);
  expect(await bot.handle(incoming('hello', message))).toBe('done');
  expect(texts.length).toBe(isHeard ? 1 : 0);
});

test('a bot without listeners stays silent', async () => {
  const { bot, messenger } = makeBot([ping]);
  await bot.handle(incoming('hello'));
  await bot.handle(incoming('', { event: { kind: 'reaction', target: 'x', emoji: '👍' } }));
  expect(messenger.sent).toEqual([]);
  expect(bot.wants(incoming('', { event: { kind: 'reaction', target: 'x', emoji: '👍' } }))).toBe(false);
  expect(bot.wants(incoming('', { location: { latitude: 1, longitude: 1 } }))).toBe(false);
});

test('two listeners for one message answer under ids of their own, the same after a restart', async () => {
  const listeners = new ListenerRegistry();
  for (const name of ['a', 'b'])
    listeners.set(`src/listeners/${name}.ts`, listener({ on: 'message', run: (ctx) => ctx.reply(name) }));
  const message = incoming('hello');
  const first = makeBot([], { listeners });
  await first.bot.handle(message);
  const second = makeBot([], { listeners });
  await second.bot.handle(message);
  expect(first.messenger.texts).toEqual(['a', 'b']);
  const idsOf = ({ messenger }: typeof first) => messenger.sent.map(({ id }) => id);
  expect(new Set(idsOf(first)).size).toBe(2);
  expect(idsOf(second)).toEqual(idsOf(first));
});

test('a listener that throws tells the person, names its file in the log, and the next one runs', async () => {
  const listeners = new ListenerRegistry();
  const boom = listener({
    on: 'message',
    run: () => {
      throw new Error('boom');
    },
  });
  listeners.set('src/listeners/a.ts', boom);
  listeners.set('src/listeners/b.ts', listener({ on: 'message', run: (ctx) => ctx.reply('b') }));
  const { bot, messenger, log } = makeBot([], { listeners });
  await bot.handle(incoming('hello'));
  expect(messenger.texts).toEqual([phrases.failed, 'b']);
  expect(log.of('error')).toMatchObject([{ facts: { listener: 'a', file: 'src/listeners/a.ts' } }]);
});

/** A listener that answers every message. */
function echoing(): ListenerRegistry {
  const listeners = new ListenerRegistry();
  listeners.set(
    'src/listeners/echo.ts',
    listener({ on: 'message', run: (ctx) => ctx.reply(`You said: ${ctx.text}`) }),
  );
  return listeners;
}

/** Another bot writes, and answers each answer of this one, twenty times. */
async function answerEachOther({ bot, messenger, clock }: ReturnType<typeof makeBot>): Promise<void> {
  let text = 'hello, who is there?';
  for (let turn = 0; turn < 20; turn += 1) {
    await clock.advance(500);
    await bot.handle(incoming(text, { sentAtMs: clock.nowMs, sender: BEN }));
    text = messenger.texts.at(-1) ?? '';
  }
}

test('the loop guard finds two bots that answer each other, with listeners too', async () => {
  const made = makeBot([], { listeners: echoing() });
  await answerEachOther(made);
  expect(made.messenger.sent.length).toBeLessThan(10);
});

test('the loop guard finds a bot that answers a listener, also while it has a conversation that sleeps', async () => {
  const nap = command({ name: 'nap', summary: 'sleeps', run: (ctx) => ctx.sleep(20 * 60_000) });
  const made = makeBot([nap], { listeners: echoing() });
  await made.bot.start();
  await made.bot.handle(incoming('!nap', { sender: BEN }));
  await answerEachOther(made);
  expect(made.messenger.sent.length).toBeLessThan(10);
});

test('a vote in a poll is counted, and a changed vote replaces it', async () => {
  const { bot, messenger } = heard({ on: 'vote' });
  await bot.handle(incoming('!ping'));
  const { bot: asking, messenger: sent } = makeBot([
    { ...ping, run: (ctx) => ctx.poll('Lunch?', ['pizza', 'soup']).then((poll) => handles.push(poll)) },
  ]);
  const handles: Array<{ votes(): unknown }> = [];
  await asking.handle(incoming('!ping'));
  const target = sent.sent[0]?.id ?? '';
  for (const options of [['pizza'], ['soup'], []])
    await asking.handle(incoming('', { event: { kind: 'vote', target, options } }));
  await asking.handle(incoming('', { sender: BEN, event: { kind: 'vote', target, options: ['soup'] } }));
  expect(handles[0]?.votes()).toEqual({ pizza: [], soup: [BEN.id] });
  expect(messenger.texts).toEqual(['pong']);
});

test('a call is declined with a sentence if the settings say so', async () => {
  const declined: string[] = [];
  const { bot, messenger } = heard({ on: 'call' }, { settings: { declineCalls: 'Please write to me.' } });
  Object.assign(messenger, {
    declineCall: async (callId: string) => void declined.push(callId),
  });
  const call = incoming('', { event: { kind: 'call', callId: 'C1', isVideo: false } });
  expect(bot.wants(call)).toBe(true);
  await bot.handle(call);
  expect(declined).toEqual(['C1']);
  expect(messenger.texts).toEqual(['Please write to me.']);
  expect(messenger.sent[0]?.chat).toBe(ANNA.jid);
});

test.each<[sentence: string, spec: object]>([
  ['an event that is not known', { on: 'jump' }],
  ['a place that is not known', { on: 'message', in: 'space' }],
  ['no run', { on: 'message', run: undefined }],
  ['a mistyped "addressed"', { on: 'message', when: 'adressed' }],
  ['a filter that is not known', { on: 'message', texts: /pizza/ }],
  ['a kind of media that is not known', { on: 'message', media: 'pdf' }],
  ['a list with one event', { on: ['message'] }],
  ['a list with one kind of media', { on: 'message', media: ['image'] }],
  ['a text that is a number', { on: 'message', text: 5 }],
])('listener() refuses %s', (_sentence, spec) => {
  expect(() => listener({ run: () => undefined, ...spec } as unknown as ListenerSpec)).toThrow(TypeError);
});

test('a file that changes from a listener to a schedule and back has only one of them at a time', () => {
  const listeners = new ListenerRegistry();
  const file = 'src/listeners/one.ts';
  const has = () => [listeners.all.length, listeners.schedules.length];
  listeners.set(file, listener({ on: 'message', run: () => {} }));
  expect(has()).toEqual([1, 0]);
  listeners.setSchedule(file, schedule('0 * * * *', { timeZone: 'UTC', run: () => {} }));
  expect(has()).toEqual([0, 1]);
  listeners.set(file, listener({ on: 'message', run: () => {} }));
  expect(has()).toEqual([1, 0]);
});

test('a message that one listener of several could not finish is handed to it again, also if another one began a conversation', async () => {
  const storage = new FakeStorage();
  const asked: string[] = [];
  let isAway = true;
  const listeners = new ListenerRegistry();
  listeners.set(
    'src/listeners/a.ts',
    listener({
      on: 'message',
      run: async (ctx) => {
        await ctx.step('model', () => asked.push('a'));
        await ctx.reply('a');
      },
    }),
  );
  listeners.set(
    'src/listeners/b.ts',
    listener({
      on: 'message',
      run: (ctx) => {
        if (isAway) throw new AppError('NOT_CONNECTED', 'away');
        return ctx.reply('b');
      },
    }),
  );
  const { bot, messenger } = makeBot([], { listeners, storage });
  const message = incoming('hello');
  expect(await bot.handle(message)).toBe('unfinished');
  isAway = false;
  expect(await bot.handle(message)).toBe('done');
  expect(messenger.texts).toEqual(['a', 'b']);
  expect(asked).toEqual(['a']);
});

test.each<[IncomingEvent, boolean]>([
  [{ kind: 'reaction', target: 'x', emoji: '👍' }, false],
  [{ kind: 'vote', target: 'x', options: ['a'] }, false],
  [{ kind: 'deleted', target: 'x' }, false],
  [{ kind: 'joined', people: [ANNA] }, false],
  [{ kind: 'edited', target: 'x' }, true],
])('an answer to %j quotes it only if phones show it as a message: %j', async (event, isQuoted) => {
  const listeners = new ListenerRegistry();
  const answer = listener({
    on: event.kind,
    run: async (ctx) => {
      await ctx.reply('seen');
      throw new Error('boom');
    },
  });
  listeners.set('src/listeners/a.ts', answer);
  const { bot, messenger } = makeBot([], { listeners });
  await bot.handle(incoming('', { event }));
  expect(messenger.texts).toEqual(['seen', phrases.failed]);
  expect(messenger.sent.map(({ quote }) => quote !== undefined)).toEqual([isQuoted, isQuoted]);
});
