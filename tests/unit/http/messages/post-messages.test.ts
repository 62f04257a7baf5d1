import { afterEach, describe, expect, test } from 'vitest';
import { AppError } from '../../../../src/core/errors.ts';
import type { KeyRow } from '../../../../src/http/messages/known-keys.ts';
import { FakeTable } from '../../bot/fakes.ts';
import { ask, HELLO, post, RawCaller, startServer, stopAll, within } from '../fakes.ts';

afterEach(stopAll);

describe('a text', () => {
  test('a text is sent once, and 200 says that WhatsApp has it', async () => {
    const { port, bot } = await startServer();
    const reply = await post(port, { to: HELLO.to, text: HELLO.text }, { 'Idempotency-Key': 'order-17' });
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.body)).toEqual({ id: 'ID-OF-order-17', status: 'sent' });
    expect(bot.sent).toMatchObject([{ key: 'order-17', number: '15550200001', text: 'Hello' }]);
  });

  test.each([
    ['+1 (555) 020-0001', '15550200001'],
    ['1.555.020.0001', '15550200001'],
    ['\u202a+49 151 23456789\u202c', '4915123456789'],
    ['+49 (0)151 23456789', '4915123456789'],
    [15550200001, '15550200001'],
  ])('a text to the number %s is sent', async (to, number) => {
    const { port, bot } = await startServer();
    expect((await post(port, { ...HELLO, to })).status).toBe(200);
    expect(bot.sent[0]?.number).toBe(number);
  });

  test.each([
    ['no JSON', 'hello'],
    ['a list', []],
    ['no receiver', { text: 'Hello', key: 'k' }],
    ['a group', { ...HELLO, to: '123456789-1600000000@g.us' }],
    ['an address', { ...HELLO, to: '15550200001@s.whatsapp.net' }],
    ['a number without its country', { ...HELLO, to: '0151 23456789' }],
    ['several numbers', { ...HELLO, to: ['+15550200001', '+15550200002'] }],
    ['no text', { to: HELLO.to, key: 'k' }],
    ['an empty text', { ...HELLO, text: ' \n' }],
    ['more than text', { ...HELLO, image: 'https://example.com/a.png' }],
    ['no key', { to: HELLO.to, text: HELLO.text }],
    ['an empty key', { ...HELLO, key: '' }],
    ['a key of many lines', { ...HELLO, key: 'a\nb' }],
    ['a long key', { ...HELLO, key: 'k'.repeat(201) }],
  ])('a request with %s gets a 400 that says what to write', async (_, body) => {
    const { port, bot } = await startServer();
    const reply = await post(port, body);
    expect(reply.status).toBe(400);
    expect(JSON.parse(reply.body).error).toMatch(/\S{3}/);
    expect(bot.sent).toEqual([]);
  });

  test('a request with two keys that differ gets 400', async () => {
    const { port } = await startServer();
    expect((await post(port, HELLO, { 'Idempotency-Key': 'other' })).status).toBe(400);
    expect((await post(port, HELLO, { 'Idempotency-Key': HELLO.key })).status).toBe(200);
  });

  test('a body that is not UTF-8, is compressed or of another type is refused', async () => {
    const { port } = await startServer();
    const headers = { 'Content-Type': 'application/json' };
    const bytes = Buffer.from(JSON.stringify({ ...HELLO, text: 'caf\xe9' }), 'latin1');
    expect((await ask(port, '/messages', { method: 'POST', headers, body: bytes })).status).toBe(400);
    expect((await post(port, HELLO, { 'Content-Encoding': 'gzip' })).status).toBe(415);
    expect((await post(port, HELLO, { 'Content-Type': 'text/plain' })).status).toBe(415);
    expect((await post(port, HELLO, { 'Content-Type': 'Application/JSON; charset=utf-8' })).status).toBe(200);
  });
});

describe('a body that is too large', () => {
  const large = JSON.stringify({ ...HELLO, text: 'x'.repeat(17 * 1024) });

  test('a body that is too large is refused by its length before it is read', async () => {
    const { port } = await startServer();
    const caller = new RawCaller(port).write(
      'POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n',
    );
    await caller.until(/^HTTP\/1\.1 413 /);
    await within(caller.closed, 'the end of the connection');
  });

  test('a body that is too large is refused while it arrives if its length is not told', async () => {
    const { port, bot } = await startServer();
    const reply = await post(port, large, { 'Transfer-Encoding': 'chunked' });
    expect(reply.status).toBe(413);
    expect(bot.sent).toEqual([]);
  });

  test('a body of exactly the limit is accepted', async () => {
    const { port } = await startServer();
    const empty = JSON.stringify({ ...HELLO, text: '' });
    const full = JSON.stringify({ ...HELLO, text: 'x'.repeat(16 * 1024 - empty.length) });
    expect(full).toHaveLength(16 * 1024);
    expect((await post(port, full)).status).toBe(200);
  });
});

describe('the same key', () => {
  test('the same key is the same message: one send, the same answer', async () => {
    const { port, bot } = await startServer();
    const first = await post(port, HELLO);
    const second = await post(port, HELLO);
    expect(second.body).toBe(first.body);
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(bot.sent).toHaveLength(1);
  });

  test('the same key three times at once is one send', async () => {
    const { port, bot } = await startServer();
    const replies = await Promise.all([post(port, HELLO), post(port, HELLO), post(port, HELLO)]);
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(bot.sent).toHaveLength(1);
  });

  test('the same key with another text or number gets 409; a number that is only written in another form does not count as another', async () => {
    const { port, bot } = await startServer();
    await post(port, HELLO);
    expect((await post(port, { ...HELLO, to: '15550200001' })).status).toBe(200);
    expect((await post(port, { ...HELLO, text: 'Goodbye' })).status).toBe(409);
    expect((await post(port, { ...HELLO, to: '+1 555 020 0002' })).status).toBe(409);
    expect(bot.sent).toHaveLength(1);
  });

  test('the same key tells later what became of a message that was on its way', async () => {
    const { port, bot } = await startServer({}, { sendWaitMs: 50 });
    bot.isFast = false;
    const early = await post(port, HELLO);
    expect(early.status).toBe(202);
    expect(JSON.parse(early.body)).toEqual({ id: 'ID-OF-hello-1', status: 'queued' });
    bot.sent[0]?.acknowledge();
    expect((await post(port, HELLO)).status).toBe(200);
    expect(bot.sent).toHaveLength(1);
  });

  test('the same key tries again only if the send has failed', async () => {
    const { port, bot, lines } = await startServer();
    bot.isFast = false;
    const first = post(port, HELLO);
    await expect.poll(() => bot.sent.length).toBe(1);
    bot.sent[0]?.refuse(new AppError('SEND_TIMEOUT', 'WhatsApp did not answer.'));
    const failed = await first;
    expect([failed.status, failed.headers['retry-after']]).toEqual([503, '5']);
    expect(lines).toMatchObject([{ level: 'warn', facts: { code: 'SEND_TIMEOUT' } }]);
    expect(JSON.stringify(lines)).not.toContain(HELLO.text);
    expect((await post(port, { ...HELLO, text: 'Goodbye' })).status).toBe(409);
    bot.isFast = true;
    expect((await post(port, HELLO)).status).toBe(200);
    expect(bot.sent.map(({ key }) => key)).toEqual(['hello-1', 'hello-1']);
  });
});

describe('the same key after a restart', () => {
  test('the same key after a restart gets 409 for another text or number, and the same message its old id', async () => {
    const keys = new FakeTable<KeyRow>();
    const first = await startServer({}, {}, keys);
    const sent = await post(first.port, HELLO);
    await first.server.stop();
    const { port, bot } = await startServer({}, {}, keys);
    expect((await post(port, { ...HELLO, text: 'Goodbye' })).status).toBe(409);
    expect((await post(port, { ...HELLO, to: '+1 555 020 0002' })).status).toBe(409);
    expect(bot.sent).toEqual([]);
    const again = await post(port, HELLO);
    expect([again.status, again.body]).toEqual([200, sent.body]);
    expect(again.headers['idempotent-replayed']).toBe('true');
  });

  test('the table of keys has neither the key nor the number nor the text in it', async () => {
    const keys = new FakeTable<KeyRow>();
    const { port } = await startServer({}, {}, keys);
    await post(port, HELLO);
    expect(keys.size).toBe(1);
    expect(JSON.stringify([...keys.map])).not.toMatch(/hello|0200001/i);
  });

  test('no text is sent while its key cannot be stored; the caller gets 503', async () => {
    const keys = new FakeTable<KeyRow>();
    keys.failure = new AppError('STORAGE_FAILED', 'The disk is full.');
    const { port, bot } = await startServer({}, {}, keys);
    const reply = await post(port, HELLO);
    expect([reply.status, reply.headers['retry-after']]).toEqual([503, '5']);
    expect(bot.sent).toEqual([]);
    keys.failure = undefined;
    expect((await post(port, HELLO)).status).toBe(200);
  });
});

describe('what WhatsApp answers', () => {
  test.each([
    ['a final refusal', new AppError('SEND_REFUSED', 'No.', { whatsappCode: '403' }), 502, undefined],
    [
      'a wait that WhatsApp asks for',
      new AppError('SEND_TIMEOUT', 'Later.', { retryAfterMs: 60_000, whatsappCode: '429' }),
      503,
      '60',
    ],
    ['a full queue of the bot', new AppError('SEND_REFUSED', 'Full.', { retryAfterMs: 5_000 }), 503, '5'],
    ['a silence of WhatsApp', new AppError('SEND_TIMEOUT', 'Silence.'), 503, '5'],
  ])('POST /messages answers %s with $2, its code and its wait', async (_, error, status, retryAfter) => {
    const { port, bot } = await startServer();
    bot.isFast = false;
    const reply = post(port, HELLO);
    await expect.poll(() => bot.sent.length).toBe(1);
    bot.sent[0]?.refuse(error);
    const answered = await reply;
    expect([answered.status, answered.headers['retry-after']]).toEqual([status, retryAfter]);
    expect(JSON.parse(answered.body).whatsappCode).toBe(error.whatsappCode);
  });

  test('a final refusal is answered again without another send', async () => {
    const { port, bot } = await startServer();
    bot.isFast = false;
    const first = post(port, HELLO);
    await expect.poll(() => bot.sent.length).toBe(1);
    bot.sent[0]?.refuse(new AppError('SEND_REFUSED', 'No.', { whatsappCode: '403' }));
    expect((await first).status).toBe(502);
    expect((await post(port, HELLO)).status).toBe(502);
    expect(bot.sent).toHaveLength(1);
  });
});

describe('a text that cannot go out', () => {
  test('a text that WhatsApp refuses gets 502', async () => {
    const { port, bot } = await startServer();
    bot.isFast = false;
    const reply = post(port, HELLO);
    await expect.poll(() => bot.sent.length).toBe(1);
    bot.sent[0]?.refuse(new AppError('SEND_REFUSED', 'WhatsApp refused a message (error 403).'));
    expect((await reply).status).toBe(502);
  });

  test('a text gets 503 if the bot stops', async () => {
    const { port, bot } = await startServer();
    bot.isFast = false;
    const reply = post(port, HELLO);
    await expect.poll(() => bot.sent.length).toBe(1);
    bot.sent[0]?.refuse(new Error('stopping'));
    expect((await reply).status).toBe(503);
  });

  test('a text gets 503 and does not wait if no account is linked or the bot has stopped', async () => {
    const { port, bot, status } = await startServer();
    status.change({ account: undefined, situation: { kind: 'connecting' } });
    expect((await post(port, HELLO)).status).toBe(503);
    status.change({
      account: { number: undefined, name: undefined },
      situation: { kind: 'stopped', why: 'asked' },
    });
    expect((await post(port, HELLO)).status).toBe(503);
    expect(bot.sent).toEqual([]);
  });

  test('a text gets 503 with a time to wait if too many are on their way', async () => {
    const { port, bot } = await startServer({}, { sendWaitMs: 20 });
    bot.isFast = false;
    for (let count = 0; count < 100; count += 1) {
      expect((await post(port, { ...HELLO, key: `k${count}` })).status).toBe(202);
    }
    const reply = await post(port, { ...HELLO, key: 'one-more' });
    expect(reply.status).toBe(503);
    expect(reply.headers['retry-after']).toBe('5');
    expect(bot.sent).toHaveLength(100);
  });

  test('a text waits for a connection that comes back', async () => {
    const { port, status } = await startServer();
    status.change({ situation: { kind: 'waiting', untilMs: status.now.nowMs + 5_000 } });
    expect((await post(port, HELLO)).status).toBe(200);
  });
});
