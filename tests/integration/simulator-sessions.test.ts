import { expect, test } from 'vitest';
import { PhoneKeys } from '../../src/simulator/crypto/phone-keys.ts';
import { type Ciphertext, PhoneSessions } from '../../src/simulator/crypto/phone-sessions.ts';

const PHONE = 0;
const BOT = 1;

/** A phone, and a bot that has two sessions with it at once, as clients that refresh theirs do. */
async function twoSessions() {
  const phoneKeys = new PhoneKeys();
  const botKeys = new PhoneKeys();
  const phone = new PhoneSessions(phoneKeys, 'phone');
  const bots = [new PhoneSessions(botKeys, 'bot-a'), new PhoneSessions(botKeys, 'bot-b')];
  const say = async (bot: PhoneSessions, text: string) => bot.encrypt(PHONE, Buffer.from(text));
  const hear = async ({ type, body }: Ciphertext) => (await phone.decrypt(BOT, type, body)).toString();
  for (const bot of bots) {
    await bot.start(PHONE, phoneKeys.bundle());
    expect(await hear(await say(bot, 'hello'))).toBe('hello');
    const { type, body } = await phone.encrypt(BOT, Buffer.from('hello, bot'));
    expect((await bot.decrypt(PHONE, type, body)).toString()).toBe('hello, bot');
  }
  return { phone, bots, say, hear };
}

test('a simulated phone reads two sessions with one device, in whichever order they are tried', async () => {
  const { phone, bots, say, hear } = await twoSessions();
  for (let i = 0; i < 10; i++) {
    for (const bot of bots) {
      const message = await say(bot, `message ${i}`);
      expect(message.type).toBe('msg');
      expect(await hear(message)).toBe(`message ${i}`);
      // The answer goes to the session that was written in last, and turns its ratchet.
      const answer = await phone.encrypt(BOT, Buffer.from(`answer ${i}`));
      expect((await bot.decrypt(PHONE, answer.type, answer.body)).toString()).toBe(`answer ${i}`);
    }
  }
});

test('a simulated phone keeps every session unchanged when a message is damaged', async () => {
  const { bots, say, hear } = await twoSessions();
  for (const bot of bots) {
    const message = await say(bot, 'whole');
    const damaged = Buffer.from(message.body);
    damaged.writeUInt8(damaged.readUInt8(damaged.length - 1) ^ 1, damaged.length - 1);
    await expect(hear({ type: message.type, body: damaged })).rejects.toThrow();
    expect(await hear(message)).toBe('whole');
    await expect(hear(message)).rejects.toThrow();
    expect(await hear(await say(bot, 'next'))).toBe('next');
  }
});

test('a simulated phone refuses a first message whose one-time key is used up and keeps the other sessions', async () => {
  const { bots, say, hear } = await twoSessions();
  const keys = new PhoneKeys();
  const stranger = new PhoneSessions(keys, 'stranger');
  const bundle = new PhoneKeys().bundle();
  await stranger.start(PHONE, bundle);
  await expect(hear(await stranger.encrypt(PHONE, Buffer.from('not for you')))).rejects.toThrow();
  for (const bot of bots) expect(await hear(await say(bot, 'still here'))).toBe('still here');
});

test('a simulated phone refuses a key bundle with a forged signature', async () => {
  const sessions = new PhoneSessions(new PhoneKeys(), 'careful');
  const bundle = new PhoneKeys().bundle();
  const forged = { ...bundle, signedPreKey: { ...bundle.signedPreKey, signature: Buffer.alloc(64) } };
  await expect(sessions.start(PHONE, forged)).rejects.toThrow('not signed');
  expect(sessions.has(PHONE)).toBe(false);
});
