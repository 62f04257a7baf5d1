import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { phrases } from '../../src/bot/phrases.ts';
import { type ProxyOptions, TestProxy } from '../integration/support/proxies.ts';
import type { BotProcess } from './support/bot.ts';
import { stage, useOneStage, useProgram } from './support/stage.ts';

const credentials = { user: 'bot', password: 'pass-w%rd/of:proxy' };

let proxy: TestProxy;

useProgram();

async function startProxy(options: ProxyOptions): Promise<void> {
  await stage.wa.start();
  proxy = new TestProxy({ ...options, identity: stage.wa.media.identity });
  await proxy.start();
}

/** The program as people run it: only so does it trust the certificates that it is told to. */
function startBot(proxyUrl = proxy.url): Promise<BotProcess> {
  const ca = join(stage.root, 'ca.pem');
  writeFileSync(ca, stage.wa.media.identity.cert);
  return stage.start({
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'trace',
    PROXY_URL: proxyUrl,
    NODE_EXTRA_CA_CERTS: ca,
    RECONNECT_DELAY_MS: '200',
    RECONNECT_MAX_DELAY_MS: '200',
    // Whatever a library prints for whoever looks for bugs in it.
    DEBUG: '*',
    NODE_DEBUG: 'http,https,net,tls,undici',
  });
}

/** How many lines of the log have this text. */
const count = (bot: BotProcess, text: string): number =>
  bot.lines.filter((line) => line.includes(text)).length;

/** A fact of the line that tells a close. */
const CLOSED = '"failures":';

/** `proxy-routes.test.ts` shows the ways without credentials, and every refusal. */
const ways = [
  ['http', [401, 403, 407]],
  ['https', [403]],
  ['socks5', [1, 2, 5]],
] as const;

/** One bot for the tests of a way, in this order. */
describe.each(ways)('through %s with credentials', (kind, refusals) => {
  let bot: BotProcess;

  useOneStage();

  beforeAll(() => startProxy({ kind, credentials }));

  afterAll(() => proxy.stop());

  test('a proxy that is down or refuses counts as a network failure, and no line speaks of authentication or a logout', async () => {
    await proxy.stop();
    bot = await startBot();
    await bot.said(CLOSED, 2);
    await proxy.start();
    for (const refusal of refusals) {
      proxy.refusal = refusal;
      // One may have been on its way before.
      await bot.said(CLOSED, count(bot, CLOSED) + 2);
    }
    expect(count(bot, 'Authentication failed')).toBe(0);
    expect(count(bot, 'Logged out')).toBe(0);
    expect(count(bot, '"times":')).toBe(0);
    const closes = 2 + 2 * refusals.length;
    expect(count(bot, `through the proxy ${new URL(proxy.url).host}`)).toBeGreaterThanOrEqual(closes);
  });

  test('through a proxy the bot pairs, answers, takes a picture and sends a sticker, and every connection goes through it', async () => {
    proxy.refusal = undefined;
    proxy.targets.splice(0);
    await stage.scan(bot);
    const person = stage.wa.addPerson();
    await stage.ping(person);

    const data = await sharp({ create: { width: 64, height: 48, channels: 3, background: 'teal' } })
      .png()
      .toBuffer();
    await person.sendMedia({ type: 'image', data, mimetype: 'image/png', caption: '!sticker' });
    const answer = await person.waitForMessage(({ message }) => message.stickerMessage != null, 15_000);
    expect((await sharp(person.download(answer).data).metadata()).width).toBe(512);

    const server = new URL(stage.wa.url).host;
    // The pairing and the login after it; the picture down and the sticker up.
    expect(proxy.targets.filter((target) => target === server)).toHaveLength(stage.wa.counters.connections);
    expect(proxy.targets.filter((target) => target === stage.wa.media.host).length).toBeGreaterThanOrEqual(2);
  });

  test('if the proxy fails during a download, the person is told and the bot runs on', async () => {
    const person = stage.wa.addPerson();
    const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
    const picture = { width: 600, height: 600, channels: 3, background: 'white', noise } as const;
    const data = await sharp({ create: picture }).png().toBuffer();
    expect(data.length).toBeGreaterThan(600_000);
    proxy.cutAfterBytes = 500_000;
    const caption = '!sticker';
    const { id } = await person.sendMedia({ type: 'image', data, mimetype: 'image/png', caption });
    const answer = await person.waitForMessage(({ quotedId }) => quotedId === id, 15_000);
    expect(answer.text).toBe(phrases.fileGone);
    proxy.cutAfterBytes = undefined;
    await stage.ping(person);
  });

  test('if the proxy closes connections, the bot connects again by itself; it stops, and no line has the password', async () => {
    const closes = count(bot, CLOSED);
    proxy.cut();
    await bot.said(CLOSED, closes + 1);
    await bot.said('✅ WhatsApp connection established', 2);
    await stage.ping(stage.wa.addPerson());
    expect(count(bot, 'Authentication failed')).toBe(0);
    expect(await bot.stop('SIGTERM')).toMatchObject({ code: 0 });
    const { user, password } = credentials;
    const basic = Buffer.from(`${user}:${password}`).toString('base64');
    for (const secret of [password, encodeURIComponent(password), basic]) {
      expect(bot.lines.filter((line) => line.includes(secret))).toEqual([]);
    }
  });
});

describe('with another password', () => {
  useOneStage();

  afterAll(() => proxy.stop());

  test('if the password of the proxy is wrong, the log names the setting and not the password', async () => {
    await startProxy({ kind: 'http', credentials });
    const bot = await startBot(proxy.url.replace(/:[^:@]*@/, ':wrong-secret@'));
    await bot.said('(HTTP 407)', 2);
    expect(count(bot, 'PROXY_URL')).toBeGreaterThanOrEqual(2);
    expect(bot.lines.join('\n')).not.toContain('wrong-secret');
    expect(count(bot, 'Authentication failed')).toBe(0);
  });
});
