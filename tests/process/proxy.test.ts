import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ProxyOptions, TestProxy } from '../integration/support/proxies.ts';
import type { BotProcess } from './support/bot.ts';
import { stage, useStage } from './support/stage.ts';

const credentials = { user: 'bot', password: 'pass-w%rd/of:proxy' };

let proxy: TestProxy;

useStage();

beforeEach(() => stage.wa.start());

afterEach(() => proxy.stop());

async function startProxy(options: ProxyOptions): Promise<void> {
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
    // Whatever a library prints for whoever looks for bugs in it.
    DEBUG: '*',
    NODE_DEBUG: 'http,https,net,tls,undici',
  });
}

/** How many lines of the log have this text. */
const count = (bot: BotProcess, text: string): number =>
  bot.lines.filter((line) => line.includes(text)).length;

const ways: [string, ProxyOptions][] = [
  ['http', { kind: 'http' }],
  ['http with credentials', { kind: 'http', credentials }],
  ['https with credentials', { kind: 'https', credentials }],
  ['socks5', { kind: 'socks5' }],
  ['socks5 with credentials', { kind: 'socks5', credentials }],
];

describe.each(ways)('through %s', (_, options) => {
  test('through a proxy the bot pairs, answers, takes a picture and sends a sticker, and every connection goes through it', async () => {
    await startProxy(options);
    const bot = await startBot();
    await stage.scan(bot);
    await stage.ping(stage.wa.addPerson());

    const person = stage.wa.addPerson();
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
    expect(await bot.stop('SIGTERM')).toMatchObject({ code: 0 });
    const { user, password } = credentials;
    const basic = Buffer.from(`${user}:${password}`).toString('base64');
    for (const secret of [password, encodeURIComponent(password), basic]) {
      expect(bot.lines.filter((line) => line.includes(secret))).toEqual([]);
    }
  });
});

describe('when the proxy', () => {
  test('a proxy that is down or closes connections counts as a network failure, and the bot connects again by itself', async () => {
    await startProxy({ kind: 'http', credentials });
    await proxy.stop();
    const bot = await startBot();
    await bot.said('The connection was closed', 2);
    await proxy.start();
    await stage.scan(bot);

    const closes = count(bot, 'The connection was closed');
    proxy.cut();
    await bot.said('The connection was closed', closes + 1);
    await bot.said('✅ WhatsApp connection established', 2);
    await stage.ping(stage.wa.addPerson());
    expect(count(bot, 'Authentication failed')).toBe(0);
  });

  test.each([
    ['http', [401, 403, 407]],
    ['socks5', [1, 2, 5]],
  ] as const)(
    'if a %s proxy refuses with %j, no line speaks of authentication or a logout',
    async (kind, refusals) => {
      await startProxy({ kind, credentials });
      proxy.refusal = refusals[0];
      const bot = await startBot();
      for (const [index, refusal] of refusals.entries()) {
        proxy.refusal = refusal;
        // One may have been on its way with the refusal before.
        await bot.said('The connection was closed', (index + 1) * 2);
      }
      expect(count(bot, 'Authentication failed')).toBe(0);
      expect(count(bot, 'Logged out')).toBe(0);
      expect(count(bot, 'probably gone')).toBe(0);
      expect(count(bot, `through the proxy ${new URL(proxy.url).host}`)).toBeGreaterThanOrEqual(6);

      proxy.refusal = undefined;
      await stage.scan(bot);
      expect(bot.lines.join('\n')).not.toContain(credentials.password);
    },
  );

  test('if the password of the proxy is wrong, the log names the setting and not the password', async () => {
    await startProxy({ kind: 'http', credentials });
    const bot = await startBot(proxy.url.replace(/:[^:@]*@/, ':wrong-secret@'));
    await bot.said('check user and password in PROXY_URL', 2);
    expect(bot.lines.join('\n')).not.toContain('wrong-secret');
    expect(count(bot, 'Authentication failed')).toBe(0);
  });

  test('if the proxy fails during a download, the person is told and the bot runs on', async () => {
    await startProxy({ kind: 'http' });
    const bot = await startBot();
    await stage.scan(bot);
    const person = stage.wa.addPerson();
    const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
    const data = await sharp({
      create: { width: 1500, height: 1500, channels: 3, background: 'white', noise },
    })
      .png()
      .toBuffer();
    proxy.cutAfterBytes = 500_000;
    const { id } = await person.sendMedia({
      type: 'image',
      data,
      mimetype: 'image/png',
      caption: '!sticker',
    });
    const answer = await person.waitForMessage(({ quotedId }) => quotedId === id, 15_000);
    expect(answer.text).toContain('could not fetch');
    proxy.cutAfterBytes = undefined;
    await stage.ping(stage.wa.addPerson());
  });
});
