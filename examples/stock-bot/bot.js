const { default: makeWASocket, DisconnectReason } = require('@whiskeysockets/baileys');
const qrcode = require('qrcode-terminal');
// This line was: const { useMultiFileAuthState } = require('@whiskeysockets/baileys');
const { useDurableAuthState: useMultiFileAuthState } = require('perennial-whatsapp/auth-state');

async function start() {
  const { state, saveCreds } = await useMultiFileAuthState('auth_info');
  // Tests set the address; without it the socket connects to WhatsApp.
  const address = process.env.WA_WEBSOCKET_URL && { waWebSocketUrl: process.env.WA_WEBSOCKET_URL };
  const sock = makeWASocket({ auth: state, ...address });
  sock.ev.on('creds.update', saveCreds);
  sock.ev.on('connection.update', ({ qr, connection, lastDisconnect }) => {
    if (qr) qrcode.generate(qr, { small: true });
    if (qr && process.env.SHOW_QR_TEXT) console.log(`QR ${qr}`);
    if (connection === 'open') console.log('open');
    const code = lastDisconnect?.error?.output?.statusCode;
    if (connection === 'close' && code !== DisconnectReason.loggedOut) void start();
  });
  sock.ev.on('messages.upsert', async ({ messages }) => {
    for (const message of messages) {
      const text = message.message?.conversation ?? message.message?.extendedTextMessage?.text;
      if (text !== '!ping' || message.key.fromMe) continue;
      await sock.sendMessage(message.key.remoteJid, { text: 'pong' }, { quoted: message });
    }
  });
}

void start();
