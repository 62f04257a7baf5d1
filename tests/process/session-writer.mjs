import { initAuthCreds } from '@whiskeysockets/baileys';

/**
 * `session-writer.mjs FOLDER OPEN`: a bot as far as its session is concerned. Opens it linked with the built module
 * at the URL OPEN, and changes keys, rows, pre-keys and credentials until stdin ends; says after each round which one
 * is stored.
 */
const [folder, open] = process.argv.slice(2);
const { openSession } = await import(open);
const say = (message) => void process.stdout.write(`${JSON.stringify(message)}\n`);
const quiet = { debug: () => {}, info: () => {}, warn: () => {} };
let isWanted = true;
process.stdin.once('end', () => {
  isWanted = false;
});
process.stdin.resume();

const session = await openSession(folder, { log: quiet });
if (!session.wasLinked) {
  const bytes = Buffer.alloc(8, 1);
  const account = {
    details: bytes,
    accountSignature: bytes,
    accountSignatureKey: bytes,
    deviceSignature: bytes,
  };
  Object.assign(session.creds, initAuthCreds(), {
    me: { id: '15551234567:3@s.whatsapp.net', name: 'Bot' },
    account,
  });
  session.saveCreds();
}
const pair = session.creds.noiseKey;
for (let round = 1; isWanted; round++) {
  for (let n = 0; n < 40; n++)
    void session.set({ session: { [`p${n}`]: { round } }, inbox: { [`m${n}`]: { round } } });
  // As Baileys does: the key first, the id that says so after it.
  await session.set({ 'pre-key': { [round]: pair } });
  session.creds.nextPreKeyId = round + 1;
  if (round % 5 === 0) session.saveCreds();
  say({ round });
  if (round % 3 === 0) await session.checkpoint();
  await new Promise((resolve) => setTimeout(resolve, 2));
}
await session.close();
