import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Agent } from 'node:https';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import makeWASocket, {
  makeCacheableSignalKeyStore,
  useMultiFileAuthState,
  type WASocket,
} from '@whiskeysockets/baileys';
import pino from 'pino';
import QRCode from 'qrcode';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startWhatsApp, type TestWhatsApp } from '../../src/testing.ts';
import { silenceConsole } from './support/console.ts';
import { makeFolder } from './support/folder.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const logger = pino({ level: 'silent' });

let wa: TestWhatsApp;
let folder: string;
let sockets: WASocket[];
/** The writes of the credentials. */
let saved: Promise<void>;

beforeEach(async () => {
  silenceConsole();
  wa = await startWhatsApp();
  folder = makeFolder();
  sockets = [];
  saved = Promise.resolve();
});

afterEach(async () => {
  await wa.stop();
  for (const sock of sockets) {
    sock.ev.removeAllListeners('connection.update');
    sock.ev.removeAllListeners('creds.update');
  }
  await saved;
  // Between its tries the library ends the writes of keys that it has begun.
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  vi.restoreAllMocks();
});

/** A stock bot: `!ping` gets `pong`, `!poll` a poll, `!pic` a picture. It connects again after each close. */
async function startBot(show: (qr: string) => void): Promise<WASocket> {
  const { state, saveCreds } = await useMultiFileAuthState(folder);
  const auth = { creds: state.creds, keys: makeCacheableSignalKeyStore(state.keys, logger) };
  const fetchAgent = new Agent({ ca: wa.mediaCertificate });
  const sock = makeWASocket({ auth, logger, waWebSocketUrl: wa.url, fetchAgent, markOnlineOnConnect: false });
  sockets.push(sock);
  sock.ev.on('creds.update', () => {
    saved = saved.then(saveCreds);
  });
  sock.ev.on('connection.update', ({ qr, connection }) => {
    if (qr) show(qr);
    if (connection === 'close') void saved.then(() => startBot(show));
  });
  sock.ev.on('messages.upsert', ({ messages }) => {
    for (const { key, message } of messages) {
      const content = {
        '!ping': { text: 'pong' },
        '!poll': { poll: { name: 'When?', values: ['now', 'later'] } },
        '!pic': { document: Buffer.from('a file'), mimetype: 'text/plain', fileName: 'a.txt' },
      }[message?.conversation ?? ''];
      if (content && !key.fromMe) void sock.sendMessage(key.remoteJid ?? '', content).catch(() => undefined);
    }
  });
  return sock;
}

const pair = () => wa.bot.pair((show) => startBot(show));

test('pair() links a stock bot, and a person hears each answer once', async () => {
  expect(wa.bot.isLinked).toBe(false);
  await pair();
  expect(wa.bot.isOnline).toBe(true);
  const anna = wa.person('Anna');
  await anna.says('!ping');
  await anna.says('!ping');
  await anna.hears('pong');
  await anna.hears(/pong/);
  expect(anna.unheard).toEqual([]);
  await anna.hearsNothing(50);
});

test('pair() links a stock bot after its QR code was retired', async () => {
  const shown: string[] = [];
  let sock: WASocket | undefined;
  wa.fault.all.pairing.refreshAtScan();
  await wa.bot.pair(async (show) => {
    sock = await startBot((qr) => {
      shown.push(qr);
      show(qr);
      if (shown.length > 1 || !sock) return;
      // What a client of 2026 does at companion_reg_refresh.
      const secret = Buffer.alloc(32, 9).toString('base64');
      const { creds } = sock.authState;
      setImmediate(() => {
        creds.advSecretKey = secret;
        const parts = qr.split(',');
        show([...parts.slice(0, 3), secret, ...parts.slice(4)].join(','));
      });
    });
  });
  expect(wa.bot.isLinked).toBe(true);
});

test('pairFromPng() waits for a PNG file that the bot writes later', async () => {
  const path = `${folder}/qr-code.png`;
  const paired = wa.bot.pairFromPng(path);
  await startBot((qr) => void QRCode.toFile(path, qr));
  await paired;
  expect(wa.bot.isOnline).toBe(true);
});

test('pair() ends if the bot does not start', async () => {
  await expect(wa.bot.pair(() => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
});

test('pairByCode() links a bot that shows a pairing code', async () => {
  const code = new Promise<string>((resolve) => {
    let sock: WASocket | undefined;
    void startBot(() => sock?.requestPairingCode(wa.phone.number).then(resolve)).then((made) => {
      sock = made;
    });
  });
  await wa.bot.pairByCode(code);
  expect(wa.bot.isOnline).toBe(true);
});

test('people act in chats and groups, and see files and polls of the bot', async () => {
  await pair();
  const anna = wa.person('Anna');
  const ben = wa.person('Ben', { addressing: 'lid' });
  const team = wa.group('Team', [anna, ben]);
  await ben.says('!poll', team);
  const poll = await anna.hears(({ kind }) => kind === 'poll', { in: team });
  await anna.votes(poll, 'later');
  await anna.reacts(poll, '👍');
  const own = await anna.says('!pin');
  await anna.edits(own, '!ping');
  await anna.deletes(own);
  await anna.replies(poll, 'thanks');
  team.promote(ben, anna);
  expect(team.roleOf(anna)).toBe('admin');
  await wa.phone.send('!ping', anna);
  await anna.says('!pic');
  const picture = await anna.hears(({ kind }) => kind === 'document');
  expect(picture.file().data.toString()).toBe('a file');
});

test('faults refuse sends and end connections, and online() waits until the bot is back', async () => {
  await pair();
  const anna = wa.person('Anna');
  // The bot has taken in the history of the phone when it answers. Cut before, it holds messages back for 20 s.
  await anna.says('!ping');
  await anna.hears('pong');
  wa.fault.refuseSends({ to: anna, code: 463 });
  await anna.says('!ping');
  await anna.hearsNothing(100);
  wa.fault.close(503);
  await wa.bot.offline();
  await wa.bot.online();
  await anna.says('!ping');
  await anna.hears('pong');
  await wa.fault.goDown();
  await anna.says('!ping');
  await wa.fault.comeUp();
  wa.fault.clear();
  await anna.hears('pong', { within: 10_000 });
});

test('refuseLogins() refuses as many logins as it says, and closeAtSend() ends the connection at a message', async () => {
  await pair();
  const anna = wa.person('Anna');
  await anna.says('!ping');
  await anna.hears('pong');
  const before = wa.simulator.counters.refusedLogins;
  wa.fault.refuseLogins(503, { times: 2 });
  wa.fault.closeAtSend({ to: anna, code: 503, times: 1 });
  await anna.says('!ping');
  await wa.bot.offline();
  await wa.bot.online({ within: 10_000 });
  expect(wa.simulator.counters.refusedLogins - before).toBe(2);
  expect(anna.unheard).toEqual([]);
});

test('ignoreQueries() and refuseQueries() hold for the namespaces that they name', async () => {
  await pair();
  const [sock] = sockets.slice(-1);
  const group = wa.group('Friends', [wa.person('Anna')]);
  wa.fault.refuseQueries('w:g2', 429, 1);
  await expect(sock?.groupMetadata(group.jid)).rejects.toMatchObject({ data: 429 });
  expect((await sock?.groupMetadata(group.jid))?.subject).toBe('Friends');
  wa.fault.ignoreQueries('w:g2');
  const answer = sock?.groupMetadata(group.jid).then(({ subject }) => subject);
  await expect(Promise.race([answer, sock?.fetchPrivacySettings(true).then(() => 'another')])).resolves.toBe(
    'another',
  );
});

test('a DeadlineError names what was awaited and what came in its place', async () => {
  await pair();
  const anna = wa.person('Anna');
  await anna.says('!ping');
  await anna.phone.waitForMessage(() => true);
  await expect(anna.hears(/pang/, { within: 400 })).rejects.toMatchObject({
    code: 'DEADLINE',
    message: 'Anna waited 400 ms to hear /pang/; unheard: "pong"; messages that the phone cannot read: 0',
  });
  await expect(anna.hearsNothing()).rejects.toThrow('Anna heard "pong"');
  const other = await startWhatsApp({ deadlineMs: 20 });
  await expect(other.bot.pair(() => undefined)).rejects.toThrow(
    'The bot waited 80 ms to be linked; connections: 0, logins: 0, refused logins: 0',
  );
  await other.stop();
});

test('env() gives a bot in its own process the address and a file with the certificate', async () => {
  const { WA_WEBSOCKET_URL, NODE_EXTRA_CA_CERTS } = wa.env();
  expect(WA_WEBSOCKET_URL).toBe(wa.url);
  expect(readFileSync(NODE_EXTRA_CA_CERTS, 'utf8')).toBe(wa.mediaCertificate);
  await wa.stop();
  expect(() => readFileSync(NODE_EXTRA_CA_CERTS)).toThrow('ENOENT');
});

test('the first example of docs/testing.md runs as it stands', async () => {
  const guide = readFileSync(`${ROOT}docs/testing.md`, 'utf8');
  const example = /^```js\n([\s\S]*?)^```/m.exec(guide)?.[1] ?? '';
  // The entry of the package is what is under test; everything else stays as it is.
  const code = example.replace(/'[\w-]+\/testing'/, `'${ROOT}src/testing.ts'`);
  const path = `${ROOT}node_modules/.testing-example-${process.pid}.test.mjs`;
  writeFileSync(path, code);
  try {
    const args = ['--import', 'tsx', '--test', '--test-force-exit', path];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: 60_000 });
    expect(stdout).toMatch(/pass 1\b/);
  } finally {
    rmSync(path, { force: true });
  }
}, 60_000);
