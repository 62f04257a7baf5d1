import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Interrupted } from '../../../../src/bot/run/interrupted-error.ts';
import { Outbox, type OutboxOptions } from '../../../../src/bot/send/outbox.ts';
import { burstOf } from '../../../../src/bot/send/pacing.ts';
import { SEPARATE_ADDRESSES } from '../../../../src/core/addresses.ts';
import { AppError } from '../../../../src/core/errors.ts';
import type { OutgoingMessage } from '../../../../src/core/messages/outgoing-message.ts';
import { FakeClock, FakeLog, FakeMessenger, rest, START_MS } from '../fakes.ts';

function makeOutbox(options: Partial<OutboxOptions> = {}) {
  const clock = new FakeClock();
  const messenger = new FakeMessenger();
  const outbox = new Outbox({
    messenger,
    clock,
    log: new FakeLog(),
    perMinute: 0,
    perChatPerMinute: 0,
    typingDelayMs: 0,
    observers: [],
    addresses: SEPARATE_ADDRESSES,
    ...options,
  });
  return { clock, messenger, outbox };
}

const text = (id: string, chat = 'a'): OutgoingMessage => ({ id, chat, content: { kind: 'text', text: id } });
const ids = (messenger: FakeMessenger) => messenger.sent.map(({ id }) => id);
const never = () => new Promise<void>(() => undefined);

test('messages of one chat leave in order, one at a time', async () => {
  const { messenger, outbox } = makeOutbox();
  let running = 0;
  messenger.onSend = async () => {
    running += 1;
    expect(running).toBe(1);
    await rest();
    running -= 1;
  };
  await Promise.all(['1', '2', '3', '4'].map((id) => outbox.send(text(id))));
  expect(ids(messenger)).toEqual(['1', '2', '3', '4']);
});

test('a chat whose sends hang does not hold up another', async () => {
  const { messenger, outbox } = makeOutbox();
  messenger.onSend = ({ chat }) => (chat === 'a' ? never() : Promise.resolve());
  void outbox.send(text('1', 'a')).catch(() => undefined);
  await outbox.send(text('2', 'b'));
  expect(ids(messenger)).toEqual(['2']);
});

test('a send waits for a connection, and then sends the same id again', async () => {
  const { messenger, outbox } = makeOutbox();
  const tried: string[] = [];
  let open = () => {};
  messenger.onSend = async ({ id }) => {
    tried.push(id);
    if (tried.length === 1) throw new AppError('NOT_CONNECTED', 'no connection');
  };
  messenger.onOpen = () => new Promise((resolve) => (open = resolve));
  const sending = outbox.send(text('1'));
  await rest();
  expect(tried).toEqual(['1']);
  open();
  await sending;
  expect(tried).toEqual(['1', '1']);
});

test('a connection that opens and fails at once is tried with pauses', async () => {
  const { clock, messenger, outbox } = makeOutbox();
  let tries = 0;
  messenger.onSend = async () => {
    tries += 1;
    throw new AppError('NOT_CONNECTED', 'no connection');
  };
  void outbox.send(text('1')).catch(() => undefined);
  await clock.advance(60_000);
  expect(tries).toBeGreaterThan(10);
  expect(tries).toBeLessThan(40);
});

test('a message without acknowledgement is sent five times in all, at its deadlines, and then rejects', async () => {
  const { clock, messenger, outbox } = makeOutbox();
  const tried: string[] = [];
  const aborted: boolean[] = [];
  messenger.onSend = ({ id }, signal) => {
    tried.push(id);
    signal.addEventListener('abort', () => aborted.push(true));
    return never();
  };
  const failed = expect(outbox.send(text('1'))).rejects.toMatchObject({ code: 'SEND_TIMEOUT' });
  await clock.advance(29_999);
  expect(tried).toHaveLength(1);
  await clock.advance(1);
  expect(tried).toHaveLength(2);
  await clock.advance(10 * 60_000);
  await failed;
  expect(tried).toEqual(['1', '1', '1', '1', '1']);
  expect(aborted).toHaveLength(5);
  expect(clock.sleeping).toBe(0);
});

test('the deadline of a file allows for a slow line', async () => {
  const { clock, messenger, outbox } = makeOutbox();
  let tries = 0;
  messenger.onSend = () => {
    tries += 1;
    return never();
  };
  const content = { kind: 'document', data: new Uint8Array(640_000) } as const;
  void outbox.send({ ...text('1'), content }).catch(() => undefined);
  await clock.advance(39_999);
  expect(tries).toBe(1);
  await clock.advance(1);
  expect(tries).toBe(2);
});

test('each try of a send has a deadline of its own', async () => {
  const { clock, messenger, outbox } = makeOutbox();
  const tried: string[] = [];
  messenger.onSend = ({ id }) => {
    tried.push(id);
    return never();
  };
  void outbox.send(text('1', 'a')).catch(() => undefined);
  await clock.advance(10_000);
  void outbox.send(text('2', 'b')).catch(() => undefined);
  await clock.advance(20_000);
  expect(tried).toEqual(['1', '2', '1']);
  await clock.advance(10_000);
  expect(tried).toEqual(['1', '2', '1', '2']);
});

test('the outbox remembers the pace of a chat among thousands of chats until its bucket is full again', async () => {
  const { clock, messenger, outbox } = makeOutbox({ perChatPerMinute: 3 });
  await outbox.send(text('1'));
  for (let index = 0; index < 2_500; index += 1) await outbox.send(text('x', `${index}`));
  const second = outbox.send(text('2'));
  await clock.advance(19_999);
  expect(ids(messenger)).not.toContain('2');
  await clock.advance(1);
  await second;
});

test('the outbox remembers the pace of a chat while one of its messages is being sent', async () => {
  const { clock, messenger, outbox } = makeOutbox({ perChatPerMinute: 3 });
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  messenger.onSend = ({ id }) => (id === '1' ? released : Promise.resolve());
  const first = outbox.send(text('1'));
  for (let index = 0; index < 2_500; index += 1) await outbox.send(text('x', `${index}`));
  const second = outbox.send(text('2'));
  await rest();
  expect(ids(messenger)).not.toContain('2');
  release();
  await first;
  await clock.advance(19_999);
  expect(ids(messenger)).not.toContain('2');
  await clock.advance(1);
  await second;
});

test('a refused message rejects at once, and the next one leaves', async () => {
  const { messenger, outbox } = makeOutbox();
  messenger.onSend = async ({ id }) => {
    if (id === '1') throw new AppError('SEND_REFUSED', 'no');
  };
  const [first, second] = await Promise.allSettled([outbox.send(text('1')), outbox.send(text('2'))]);
  expect(first).toMatchObject({ status: 'rejected', reason: { code: 'SEND_REFUSED' } });
  expect(second.status).toBe('fulfilled');
});

test('a messenger that throws synchronously fails one send, and the next one works', async () => {
  const { messenger, outbox } = makeOutbox();
  messenger.send = () => {
    throw new TypeError('bug');
  };
  await expect(outbox.send(text('1'))).rejects.toThrow('bug');
  await expect(outbox.send(text('2'))).rejects.toThrow('bug');
});

test('the outbox refuses a message if a thousand wait in its chat', async () => {
  const { messenger, outbox } = makeOutbox();
  messenger.onSend = never;
  const sends = Array.from({ length: 1_001 }, (_, index) => outbox.send(text(`${index}`)));
  const refused = outbox.send(text('more'));
  await expect(refused).rejects.toMatchObject({ code: 'SEND_REFUSED' });
  expect(outbox.stats.queued).toBe(1_001);
  outbox.stop();
  const results = await Promise.allSettled(sends);
  expect(results.every((one) => one.status === 'rejected' && one.reason instanceof Interrupted)).toBe(true);
  expect(outbox.stats).toEqual({ queued: 0, sent: 0 });
});

test('stop() of the outbox ends every kind of wait at once, and nothing is sent afterwards', async () => {
  const { clock, messenger, outbox } = makeOutbox({ perChatPerMinute: 3, typingDelayMs: 500 });
  messenger.onSend = async ({ chat }) => {
    if (chat === 'offline') throw new AppError('NOT_CONNECTED', 'no connection');
    if (chat === 'mute') await never();
  };
  messenger.onOpen = (signal) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const sends = [
    outbox.send(text('1', 'offline')),
    outbox.send(text('2', 'mute')),
    outbox.send(text('3', 'paced')),
  ];
  await clock.advance(600);
  sends.push(outbox.send(text('4', 'paced')), outbox.send(text('5', 'typing')));
  await rest();
  outbox.stop();
  outbox.stop();
  const reasons = await Promise.allSettled(sends);
  expect(reasons.map(({ status }) => status)).toEqual([
    'rejected',
    'rejected',
    'fulfilled',
    'rejected',
    'rejected',
  ]);
  await expect(outbox.send(text('6'))).rejects.toBeInstanceOf(Interrupted);
  await clock.advance(120_000);
  expect(ids(messenger)).toEqual(['3']);
  expect(clock.sleeping).toBe(0);
});

test('typing is shown before a message, not before a reaction, and a failure to show it is ignored', async () => {
  const { clock, messenger, outbox } = makeOutbox({ typingDelayMs: 500 });
  messenger.onTyping = async () => {
    throw new Error('no typing');
  };
  void outbox.send(text('1'));
  await clock.advance(499);
  expect(messenger.typing).toEqual(['a']);
  expect(messenger.sent).toEqual([]);
  await clock.advance(1);
  expect(ids(messenger)).toEqual(['1']);
  const to = { id: 'x' } as never;
  await outbox.send({ id: '2', chat: 'b', content: { kind: 'reaction', emoji: '👍', to } });
  expect(messenger.typing).toEqual(['a']);
});

test('the outbox shows no typing without a delay', async () => {
  const { messenger, outbox } = makeOutbox();
  await outbox.send(text('1'));
  expect(messenger.typing).toEqual([]);
});

test('a busy chat does not starve the others of the overall pace', async () => {
  const { clock, messenger, outbox } = makeOutbox({ perMinute: 60 });
  for (let index = 0; index < 200; index += 1) void outbox.send(text(`busy${index}`, 'busy'));
  await clock.advance(1_000);
  const sending = outbox.send(text('quiet', 'quiet'));
  await clock.advance(3_000);
  await sending;
  expect(ids(messenger).indexOf('quiet')).toBeLessThan(30);
});

test('a single chat keeps its own pace, with a burst first and then one message at a time', async () => {
  const { clock, messenger, outbox } = makeOutbox({ perMinute: 600, perChatPerMinute: 12 });
  const startedAtMs: number[] = [];
  messenger.onSend = async () => void startedAtMs.push(clock.now() - START_MS);
  for (let index = 0; index < 7; index += 1) void outbox.send(text(`${index}`));
  await clock.advance(60_000);
  expect(startedAtMs).toEqual([0, 0, 0, 0, 5_000, 10_000, 15_000]);
});

test('the pace holds for any mix of chats, in all of them together and in each', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 4_000 })), {
        maxLength: 80,
      }),
      async (plan) => {
        const { clock, messenger, outbox } = makeOutbox({ perMinute: 30, perChatPerMinute: 12 });
        const starts: Array<{ chat: string; atMs: number }> = [];
        messenger.onSend = async ({ chat }) => void starts.push({ chat, atMs: clock.now() });
        for (const [index, [chat, pauseMs]] of plan.entries()) {
          void outbox.send(text(`${index}`, `chat${chat}`));
          if (pauseMs > 3_000) await clock.advance(pauseMs);
        }
        await clock.advance(15 * 60_000);
        expect(starts).toHaveLength(plan.length);
        expectPace(starts, 30);
        for (const name of ['chat0', 'chat1', 'chat2', 'chat3']) {
          expectPace(
            starts.filter(({ chat }) => chat === name),
            12,
          );
        }
      },
    ),
    { numRuns: 12 },
  );
});

function expectPace(starts: ReadonlyArray<{ readonly atMs: number }>, perMinute: number): void {
  for (const [first, { atMs: from }] of starts.entries()) {
    for (const [more, { atMs: to }] of starts.slice(first).entries()) {
      const allowed = burstOf(perMinute) + (perMinute * (to - from + 1)) / 60_000;
      expect(more + 1).toBeLessThanOrEqual(allowed + 1e-6);
    }
  }
}

test('a message that waited for a connection for seven days is not sent any more, and the next one is', async () => {
  const { clock, messenger, outbox } = makeOutbox();
  let open = () => {};
  const tried: string[] = [];
  messenger.onSend = async ({ id }) => {
    tried.push(id);
    if (tried.length === 1) throw new AppError('NOT_CONNECTED', 'no connection');
  };
  messenger.onOpen = () => new Promise((resolve) => (open = resolve));
  const sending = outbox.send(text('old'));
  sending.catch(() => undefined);
  await rest();
  await clock.advance(7 * 86_400_000 + 1);
  open();
  await expect(sending).rejects.toMatchObject({ code: 'SEND_REFUSED' });
  await outbox.send(text('new'));
  expect(tried).toEqual(['old', 'new']);
});

test('the outbox counts the options of a poll in the bytes that wait', async () => {
  const { messenger, outbox } = makeOutbox();
  messenger.onSend = never;
  const options = Array.from({ length: 12 }, () => 'x'.repeat(1024 * 1024));
  const poll = (id: string): OutgoingMessage => ({
    id,
    chat: 'a',
    content: {
      kind: 'poll',
      question: 'q',
      options,
      isMultiple: false,
    } as unknown as OutgoingMessage['content'],
  });
  const sends = Array.from({ length: 10 }, (_, index) => outbox.send(poll(`${index}`)));
  const settled = await Promise.race([
    Promise.any(
      sends.map((one) =>
        one.then(
          () => '',
          () => 'refused',
        ),
      ),
    ),
    rest(),
  ]);
  expect(settled).toBe('refused');
  outbox.stop();
});
