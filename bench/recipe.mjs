/**
 * The library's documented recipe as a program: `useMultiFileAuthState` with `makeCacheableSignalKeyStore`, a
 * handler on `messages.upsert`, a reconnect in `connection.update`. The bench compares perennial with it, and it is
 * the control of the torture. Prints `QR <text>`, `OPEN` and `CLOSE <code>`.
 */
import makeWASocket, {
  DisconnectReason,
  makeCacheableSignalKeyStore,
  useMultiFileAuthState,
} from '@whiskeysockets/baileys';
import { pino } from 'pino';

const folder = process.env.SESSION_PATH ?? './sessions';
const url = process.env.WA_WEBSOCKET_URL ?? '';
const logger = pino({ level: 'silent' });
// libsignal prints whole Signal sessions, and printing must not be measured.
for (const method of ['log', 'info', 'warn', 'error']) console[method] = () => {};

async function connect() {
  const { state, saveCreds } = await useMultiFileAuthState(folder);
  const sock = makeWASocket({
    auth: { creds: state.creds, keys: makeCacheableSignalKeyStore(state.keys, logger) },
    logger,
    waWebSocketUrl: url,
    syncFullHistory: false,
    markOnlineOnConnect: false,
  });
  sock.ev.on('creds.update', saveCreds);
  sock.ev.on('connection.update', ({ connection, lastDisconnect, qr }) => {
    if (qr) process.stdout.write(`QR ${qr}\n`);
    if (connection === 'open') process.stdout.write('OPEN\n');
    if (connection !== 'close') return;
    const code = lastDisconnect?.error?.output?.statusCode;
    process.stdout.write(`CLOSE ${code}\n`);
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

process.on('SIGTERM', () => process.exit(0));
process.on('unhandledRejection', () => {});
await connect();
