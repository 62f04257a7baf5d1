import makeWASocket, { useMultiFileAuthState } from '@whiskeysockets/baileys';

/** A plain Baileys bot. `show` gets the QR code; `waWebSocketUrl` is undefined for the real WhatsApp. */
export async function startBot(folder, show, waWebSocketUrl) {
  const { state, saveCreds } = await useMultiFileAuthState(folder);
  const sock = makeWASocket({ auth: state, ...(waWebSocketUrl && { waWebSocketUrl }) });
  sock.ev.on('creds.update', saveCreds);
  sock.ev.on('connection.update', ({ qr, connection, lastDisconnect }) => {
    if (qr) show(qr);
    const code = lastDisconnect?.error?.output?.statusCode;
    if (connection === 'close' && code !== 401) void startBot(folder, show, waWebSocketUrl);
  });
  sock.ev.on('messages.upsert', async ({ messages }) => {
    for (const message of messages) {
      const text = message.message?.conversation ?? message.message?.extendedTextMessage?.text;
      if (text !== '!ping' || message.key.fromMe) continue;
      await sock.sendMessage(message.key.remoteJid, { text: 'pong' }, { quoted: message });
    }
  });
}
