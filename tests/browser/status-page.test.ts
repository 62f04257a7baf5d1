import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { closeSentence } from '../../src/app/status/close-sentences.ts';
import type { StatusSnapshot } from '../../src/http/status/status-source.ts';
import { readQr } from '../../src/simulator/pairing/qr-camera.ts';
import { SimulatedWhatsApp } from '../../src/simulator/server/simulated-whatsapp.ts';
import { SNAPSHOT, startServer, stopAll } from '../unit/http/fakes.ts';
import { BotProcess } from './bot.ts';
import { Chromium, findChromium, type Page } from './chromium.ts';

const path = findChromium();
if (path === undefined) {
  console.log(
    'The status page is not looked at in a browser: there is no chromium here (apt-get install chromium).',
  );
}

const DESKTOP = { width: 900, height: 760 } as const;
const PHONE = { width: 360, height: 740 } as const;

describe.skipIf(path === undefined)('the status page in a browser', () => {
  let folder: string;
  let shots: string;
  let wa: SimulatedWhatsApp;
  let chromium: Chromium;
  let bots: BotProcess[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'status-page-'));
    // PAGE_SHOTS keeps the pictures, for a person to look at.
    shots = process.env.PAGE_SHOTS ?? join(folder, 'shots');
    await mkdir(shots, { recursive: true });
    bots = [];
    wa = new SimulatedWhatsApp();
    await wa.start();
    chromium = await Chromium.start(path ?? '');
  });

  afterEach(async () => {
    for (const bot of bots) await bot.kill();
    await stopAll();
    await chromium.stop();
    await wa.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  });

  function startBot(env: Readonly<Record<string, string>> = {}): BotProcess {
    const bot = new BotProcess({
      SESSION_PATH: join(folder, 'sessions'),
      WA_WEBSOCKET_URL: wa.url,
      WA_ROOT_KEY: wa.rootKey,
      RECONNECT_DELAY_MS: '3000',
      HTTP_PORT: '0',
      ...env,
    });
    bots.push(bot);
    return bot;
  }

  const urlOf = async (bot: BotProcess): Promise<string> =>
    (await bot.printed(/Status page: (http:\S+?)"/))[1] ?? '';

  /** The page in every look, as pictures. Nothing may stick out of a phone's screen. */
  async function look(page: Page, name: string): Promise<void> {
    for (const [size, sizeName] of [
      [DESKTOP, 'desktop'],
      [PHONE, 'phone'],
    ] as const) {
      for (const scheme of ['light', 'dark'] as const) {
        await page.look({ ...size, scheme });
        await page.shoot(join(shots, `${name}-${sizeName}-${scheme}.png`));
      }
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    }
    await page.look({ ...DESKTOP, scheme: 'light' });
  }

  const title = (text: string): string => `document.getElementById('title').textContent === '${text}'`;

  test('the status page goes from the QR code to connected, away, back, and logged out', async () => {
    const bot = startBot();
    const url = await urlOf(bot);
    const page = await chromium.open({ ...DESKTOP, scheme: 'light' });
    await page.go(url);

    await page.until(title('Link this bot'));
    await page.until(`/comes in \\d+\\ss/.test(document.getElementById('countdown').textContent)`);
    await look(page, '1-qr');
    // A camera reads it off the screen, in the dark too.
    await page.look({ ...PHONE, scheme: 'dark' });
    await page.shoot(join(shots, 'camera.png'));
    const qr = await readQr(join(shots, 'camera.png'));
    expect(qr).toBeDefined();
    await wa.phone.scan(qr ?? '');

    await page.until(title('Connected'));
    await page.until(`document.getElementById('pairing').hidden`);
    expect(await page.evaluate(`document.querySelector('#qr-code path').getAttribute('d')`)).toBe('');
    const friend = wa.addPerson({ name: 'Friend' });
    const { id } = await friend.send('!ping');
    await friend.waitForMessage((message) => message.quotedId === id);
    await page.until(`/Commands answered\\s+1/.test(document.body.innerText)`);
    const text = await page.evaluate<string>('document.body.innerText');
    expect(text).toContain('+1555•••000');
    expect(text).not.toContain('15550100000');
    await look(page, '2-open');

    wa.faults.dropConnection();
    await page.until(title('Reconnecting'));
    await page.until(`/Next try in \\d\\ss/.test(document.getElementById('next').textContent)`);
    await look(page, '3-waiting');
    await page.until(title('Connected'));
    await page.until(`/Reconnects\\s+1/.test(document.body.innerText)`);

    wa.phone.unlink();
    await page.until(title('Logged out'));
    expect(await bot.exited).toBe(77);
    await page.until(`!document.getElementById('over').hidden`);
    expect(await page.evaluate(title('Logged out'))).toBe(true);
    await look(page, '4-logged-out');

    const foreign = page.requested.filter((one) => !one.startsWith(url) && !one.startsWith('data:'));
    expect(foreign).toEqual([]);
    expect(page.complaints.filter((one) => !/Failed to load resource/.test(one))).toEqual([]);
  });

  test('the status page shows a pairing code, and asks for the token first', async () => {
    const bot = startBot({ PAIRING_NUMBER: wa.phone.number, HTTP_TOKEN: 'open-sesame-please' });
    const url = await urlOf(bot);
    const page = await chromium.open({ ...DESKTOP, scheme: 'light' });
    await page.go(url);

    await page.until(`document.querySelector('input[type=password]') === document.activeElement`);
    await look(page, '5-sign-in');
    await page.call('Input.insertText', { text: 'guess' });
    await page.press('Enter');
    await page.until(`document.querySelector('[role=alert]')`);
    await page.until(`document.querySelector('input[type=password]') === document.activeElement`);
    await page.call('Input.insertText', { text: 'open-sesame-please' });
    await page.press('Enter');

    await page.until(title('Link this bot'));
    await page.until(`document.getElementById('code').textContent !== ''`);
    await look(page, '6-code');
    const code = await page.evaluate<string>(`document.getElementById('code').textContent`);
    await wa.phone.enterCode(code.replace('-', ''));
    await page.until(title('Connected'));
    expect(await page.evaluate('location.href')).toBe(`${url}/`);
    expect(await page.evaluate(`document.getElementById('code').textContent`)).toBe('');
  });

  test('the status page is there for keyboards and screen readers, and comes back with the bot', async () => {
    const first = startBot({ HTTP_PORT: '0' });
    const url = await urlOf(first);
    const page = await chromium.open({ ...DESKTOP, scheme: 'light' });
    await page.go(url);
    await page.until(title('Link this bot'));

    await page.call('Accessibility.enable');
    const { nodes } = await page.call('Accessibility.getFullAXTree');
    const tree = (nodes as AxNode[]).filter((node) => !node.ignored);
    const namesOf = (role: string): unknown[] =>
      tree.filter((node) => node.role?.value === role).map((node) => node.name?.value ?? '');
    expect(namesOf('main')).toHaveLength(1);
    expect(namesOf('banner')).toHaveLength(1);
    expect(namesOf('navigation')).toEqual(['For machines']);
    expect(namesOf('heading')).toEqual(
      expect.arrayContaining([
        'Status of the bot',
        'Link this bot',
        'On your phone',
        'Connection',
        'Messages',
      ]),
    );
    expect(namesOf('image')).toContain('QR code that links this bot, to be scanned with WhatsApp');
    const live = `[...document.querySelectorAll('[aria-live=polite]')].map((one) => one.textContent.trim())`;
    expect(await page.evaluate(live)).toContainEqual(expect.stringContaining('Scan the code'));

    const seen: string[] = [];
    for (let presses = 0; presses < 3; presses += 1) {
      await page.press('Tab');
      seen.push(await page.evaluate(`document.activeElement.textContent`));
    }
    expect(seen).toEqual(['Metrics', 'Readiness', 'Health']);

    await first.kill();
    await page.until(title('Out of touch'));
    expect(await page.evaluate(`document.getElementById('pairing').hidden`)).toBe(true);
    await look(page, '7-out-of-touch');
    startBot({ HTTP_PORT: new URL(url).port });
    await page.until(title('Link this bot'));
  });

  test('the status page has words and a sign of its own for every other state', async () => {
    const { server, status } = await startServer({}, { lookEveryMs: 50 });
    const page = await chromium.open({ ...DESKTOP, scheme: 'light' });
    await page.go(server.url ?? '');
    const times = {
      startedAtMs: Date.now() - 86_400_000,
      sinceMs: Date.now() - 60_000,
      lastClose: undefined,
    };
    for (const [name, shownTitle, words, facts] of statesFrom(Date.now())) {
      status.change({ ...SNAPSHOT, ...times, nowMs: Date.now(), ...facts });
      await page.until(title(shownTitle));
      await page.until(`${words}.test(document.querySelector('main').innerText)`);
      await look(page, `8-${name}`);
    }
    expect(page.complaints).toEqual([]);
  });
});

type State = readonly [name: string, title: string, words: RegExp, facts: Partial<StatusSnapshot>];

const REFUSED_CODE =
  'WhatsApp refused the request for a pairing code (429: too many codes were asked for). Scan the QR code instead, or wait: the next try is in 5 minutes.';

/** Those that a bot would take minutes or days to get into. */
function statesFrom(nowMs: number): readonly State[] {
  const waiting = (untilMs: number) => ({ situation: { kind: 'waiting', untilMs } as const, sinceMs: nowMs });
  const closed = (...[reason]: Parameters<typeof closeSentence>) => ({
    lastClose: { kind: reason.kind, sentence: closeSentence(reason), atMs: nowMs },
  });
  const stopped = (why: 'asked' | 'replaced') => ({ situation: { kind: 'stopped', why } as const });
  const pairing = { kind: 'pairing', qr: undefined, code: undefined } as const;
  const message = {
    id: 'ABC',
    chatKind: 'direct',
    sender: '+1555•••123',
    atMs: nowMs,
    waitedMs: 1,
    handlerMs: 2,
    tookMs: 3,
  };
  return [
    ['starting', 'Starting', /getting ready/, { situation: { kind: 'starting' } }],
    ['connecting', 'Connecting', /connects to WhatsApp/, { situation: { kind: 'connecting' } }],
    [
      'banned',
      'Reconnecting',
      /banned this account.*Next try in 2\shours/s,
      { ...waiting(nowMs + 7_500_000), ...closed({ kind: 'banned', forMs: 7_500_000 }) },
    ],
    [
      'refused',
      'Reconnecting',
      /refused the login \(401\).*probably gone.*rm -rf .\/sessions/s,
      { ...waiting(nowMs + 5_000), ...closed({ kind: 'auth-failed', statusCode: 401 }), refusedLogins: 5 },
    ],
    [
      'replaced-once',
      'Reconnecting',
      /Another client opened.*Next try in \d+\ss/s,
      { ...waiting(nowMs + 60_000), ...closed({ kind: 'replaced' }) },
    ],
    [
      'replaced',
      'Taken over',
      /Stop the other client/,
      { ...stopped('replaced'), ...closed({ kind: 'replaced' }) },
    ],
    ['stopped', 'Stopped', /asked to stop/, stopped('asked')],
    [
      'code-refused',
      'Link this bot',
      /too many codes were asked for.*A new code comes in \d+\ss/s,
      { situation: { ...pairing, qr: '2@reference,key', expiresAtMs: nowMs + 60_000, hint: REFUSED_CODE } },
    ],
    [
      'code-ends',
      'Link this bot',
      /Enter this code.*A new code comes in \d+\ss.*ABCD-EFGH/s,
      { situation: { ...pairing, code: 'ABCDEFGH', expiresAtMs: nowMs + 60_000 } },
    ],
    [
      'messages',
      'Connected',
      /Last messages.*\+1555•••123, direct\s+ran ping \(120 ms\).*too old/s,
      {
        lastMessages: [
          { ...message, outcome: 'ran', detail: 'ping', tookMs: 120 },
          { ...message, outcome: 'not-allowed', detail: 'admins-only', chatKind: 'group' },
          { ...message, outcome: 'too-old', detail: 'too-old' },
        ],
      },
    ],
    [
      'phone-away',
      'Connected',
      /not been seen for 11 days/,
      { phoneSeenAtMs: nowMs - 11 * 86_400_000, reminders: 3, queued: 12 },
    ],
  ];
}

interface AxNode {
  readonly ignored: boolean;
  readonly role?: { readonly value: string };
  readonly name?: { readonly value: string };
}
