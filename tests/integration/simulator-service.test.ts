import { randomBytes } from 'node:crypto';
import { Agent } from 'node:https';
import { proto } from '@whiskeysockets/baileys';
import { expect, test, vi } from 'vitest';
import { curve, withKeyType } from '../../src/simulator/crypto/phone-libsignal.ts';
import { CertificateAuthority } from '../../src/simulator/wire/noise-certificate.ts';
import { within } from './support/deadline.ts';
import { useStockRig } from './support/stock-client.ts';

const stock = useStockRig();
const { Details } = proto.CertChain.NoiseCertificate;

/** Checks a chain as whatsmeow does. */
function problemsOf(chain: Uint8Array, rootKey: Buffer, serverKey: Uint8Array): string[] {
  const { leaf, intermediate } = proto.CertChain.decode(chain);
  const parts = [leaf, intermediate].map((each) => ({
    bytes: Buffer.from(each?.details ?? []),
    signature: Buffer.from(each?.signature ?? []),
    details: Details.decode(each?.details ?? new Uint8Array()),
  }));
  const [low, high] = parts;
  if (!low || !high) return ['parts'];
  const isSigned = (key: Uint8Array, part: typeof low) =>
    curve.verifySignature(withKeyType(Buffer.from(key)), part.bytes, part.signature);
  const problems: string[] = [];
  if (!isSigned(rootKey, high)) problems.push('intermediate');
  if (!isSigned(high.details.key ?? new Uint8Array(32), low)) problems.push('leaf');
  if (low.details.issuerSerial !== high.details.serial) problems.push('issuer');
  if (!Buffer.from(low.details.key ?? []).equals(Buffer.from(serverKey))) problems.push('key');
  if (Number(low.details.notAfter) < Date.now() / 1000) problems.push('expired');
  return problems;
}

test.each([
  ['none', []],
  ['forged-leaf', ['leaf']],
  ['forged-intermediate', ['intermediate']],
  ['other-root', ['intermediate']],
  ['other-key', ['key']],
  ['other-issuer', ['issuer']],
  ['expired', ['expired']],
] as const)('a certificate chain of the simulator with the flaw %s has the problems %j', (flaw, problems) => {
  const pair = curve.generateKeyPair();
  const key = { public: pair.pubKey.subarray(1), private: pair.privKey };
  const authority = new CertificateAuthority(key);
  expect(
    problemsOf(authority.chain(flaw === 'none' ? undefined : flaw), authority.rootKey, key.public),
  ).toEqual(problems);
});

test('the simulator shows a forged chain, which a stock client accepts', async () => {
  stock.wa.faults.forgeCertificate('forged-leaf');
  await within((await stock.rig.connect()).qr, 'the QR code');
  expect(Buffer.from(stock.wa.rootKey, 'base64')).toHaveLength(32);
});

test.each([true, false])('the simulator sends a history with mappings, inline %s', async (isInline) => {
  const { sock } = await stock.rig.pair({ fetchAgent: new Agent({ ca: stock.wa.media.identity.cert }) });
  const anna = stock.wa.addPerson();
  const receipts: (string | undefined)[] = [];
  stock.wa.events.on('stanza-in', ({ tag, attrs }) => tag === 'receipt' && receipts.push(attrs.type));
  await stock.wa.phone.sendHistory({ people: [anna], messagesEach: 3, isInline });
  await vi.waitFor(() => expect(receipts).toContain('hist_sync'));
  if (!isInline) return;
  await vi.waitFor(async () => {
    expect(await sock.signalRepository.lidMapping.getLIDForPN(anna.jid)).toBe(`${anna.lid}@lid`);
  });
});

test('the simulator sends a history that inflates to many bytes', async () => {
  const { sock } = await stock.rig.pair();
  const seen: proto.IMessage[] = [];
  sock.ev.on('messages.upsert', ({ messages }) =>
    seen.push(...messages.flatMap(({ message }) => message ?? [])),
  );
  await stock.wa.phone.sendHistoryBomb(5_000_000);
  const inline = await vi.waitFor(() => {
    const found = seen.find(({ protocolMessage }) => protocolMessage?.historySyncNotification);
    if (!found) throw new Error('the client has no history notification');
    return found.protocolMessage?.historySyncNotification?.initialHistBootstrapInlinePayload;
  });
  expect(inline?.length).toBeLessThan(10_000);
});

test('the simulator tells the client of changed settings and answers with more patches for ever', async () => {
  const client = await stock.rig.pair();
  stock.wa.faults.queries.breakAppState('endless');
  let queries = 0;
  stock.wa.events.on('stanza-in', ({ attrs }) => {
    if (attrs.xmlns === 'w:sync:app:state') queries++;
  });
  stock.wa.phone.changeSettings('regular_low');
  // A stock client asks without end.
  await vi.waitFor(() => expect(queries).toBeGreaterThan(5));
  await client.kill();
});

test.each([404, 410] as const)(
  'the simulator answers a download with %i until the phone uploads the file again',
  async (status) => {
    const ca = stock.wa.media.identity.cert;
    const client = await stock.rig.pair({ fetchAgent: new Agent({ ca }) });
    const anna = stock.wa.addPerson();
    const data = randomBytes(5_000);
    const { id } = await anna.sendMedia({
      type: 'sticker',
      data,
      mimetype: 'image/webp',
      url: 'https://web.whatsapp.net',
    });
    const message = await vi.waitFor(() => {
      const found = client.messages.find((each) => each.message.key.id === id)?.message;
      if (!found?.message?.stickerMessage?.directPath) throw new Error('the client has no sticker');
      return found;
    });
    const sticker = message.message?.stickerMessage;
    expect(sticker?.url).toBe('https://web.whatsapp.net');
    stock.wa.media.expire(sticker?.directPath ?? '', status);
    const updated = await client.sock.updateMediaMessage(message);
    expect(stock.wa.media.get(updated.message?.stickerMessage?.directPath ?? '')).toBeDefined();
  },
);

test.each([
  [{ type: 'video', form: 'round' }, 'ptvMessage'],
  [{ type: 'video', form: 'gif' }, 'videoMessage'],
  [{ type: 'audio', form: 'voice' }, 'audioMessage'],
  [{ type: 'sticker', form: 'lottie' }, 'lottieStickerMessage'],
] as const)('the simulator sends the media form %o as %s', async (file, field) => {
  const client = await stock.rig.pair();
  const anna = stock.wa.addPerson();
  const { id } = await anna.sendMedia({
    ...file,
    data: randomBytes(50),
    mimetype: 'application/octet-stream',
  });
  await vi.waitFor(() => {
    const found = client.messages.find((each) => each.message.key.id === id)?.message.message;
    expect(found?.[field]).toBeTruthy();
  });
});

test('the simulator lets a person call and records that the bot rejects the call', async () => {
  const { sock } = await stock.rig.pair();
  const anna = stock.wa.addPerson();
  const states: string[] = [];
  sock.ev.on('call', ([call]) => {
    if (!call) return;
    states.push(call.status);
    if (call.status === 'offer') void sock.rejectCall(call.id, call.from);
  });
  const call = anna.call({ isVideo: true });
  await vi.waitFor(() => expect(anna.rejectedCalls).toEqual([call.id]));
  call.end();
  await vi.waitFor(() => expect(states).toEqual(['offer', 'timeout']));
});
