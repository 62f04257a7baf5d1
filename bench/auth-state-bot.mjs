/**
 * The library's recipe with `useDurableAuthState` in the place of `useMultiFileAuthState`, and with
 * `--socket-options` also with `durableSocketConfig`: what the torture kills with `--target auth-state`. Runs the
 * package as `npm pack` builds it, so that it starts as fast as the recipe. Prints `QR <text>`, `OPEN` and `CLOSE <code>`.
 */
import makeWASocket, { DisconnectReason, makeCacheableSignalKeyStore } from '@whiskeysockets/baileys';
import { pino } from 'pino';
import { durableSocketConfig, useDurableAuthState } from '../.dist-package/auth-state.js';

const folder = process.env.SESSION_PATH ?? './sessions';
const hasSocketOptions = process.argv.includes('--socket-options');
const logger = pino({ level: 'silent' });
const log = console.log;
// libsignal prints whole Signal sessions.
for (const method of ['log', 'info', 'warn', 'error']) console[method] = () => {};

let auth;

async function connect() {
  auth = await useDurableAuthState(folder);
  const { creds, keys } = auth.state;
  const sock = makeWASocket({
    auth: { creds, keys: makeCacheableSignalKeyStore(keys, logger) },
    logger,
    waWebSocketUrl: process.env.WA_WEBSOCKET_URL ?? '',
    syncFullHistory: false,
    markOnlineOnConnect: false,
    ...(hasSocketOptions ? durableSocketConfig(auth) : {}),
  });
  sock.ev.on('creds.update', auth.saveCreds);
  sock.ev.on('connection.update', ({ connection, lastDisconnect, qr }) => {
    if (qr) log(`QR ${qr}`);
    if (connection === 'open') log('OPEN');
    if (connection !== 'close') return;
    const code = lastDisconnect?.error?.output?.statusCode;
    log(`CLOSE ${code}`);
    if (code !== DisconnectReason.loggedOut) void connect();
  });
  sock.ev.on('messages.upsert', async ({ messages }) => {
    for (const message of messages) {
      const text = message.message?.conversation ?? message.message?.extendedTextMessage?.text;
      const chat = message.key.remoteJid;
      if (text === '!ping' && chat && !message.key.fromMe)
        await sock.sendMessage(chat, { text: 'pong' }, { quoted: message });
    }
  });
}

process.on('unhandledRejection', () => {});
await connect();
process.once('SIGTERM', () => auth.close().finally(() => process.exit(0)));
