import { afterEach, describe, expect, it } from 'vitest';
import type { CertificateFlaw } from '../../src/simulator/wire/noise-certificate.ts';
import { Rig } from './support/rig.ts';

let rig: Rig;

afterEach(() => rig.destroy());

const FLAWS: readonly CertificateFlaw[] = [
  'forged-leaf',
  'forged-intermediate',
  'other-root',
  'other-key',
  'other-issuer',
  'expired',
];

describe('the certificate chain of the server', () => {
  it.each(FLAWS)('a certificate chain with the flaw %s is refused, and no QR code is shown', async (flaw) => {
    rig = new Rig();
    rig.wa.faults.forgeCertificate(flaw);
    await rig.start();
    await rig.reconnect();
    await rig.reconnect();
    expect(rig.states.some(({ kind }) => kind === 'pairing')).toBe(false);
    const message = expect.stringContaining('WA_ROOT_KEY');
    expect(rig.closes[0]).toEqual({ kind: 'network', statusCode: 400, message });
    rig.wa.faults.forgeCertificate(undefined);
    await rig.state('pairing');
  });

  it('the certificate chain of a server on this machine is not checked if its root is not named', async () => {
    rig = new Rig();
    rig.wa.faults.forgeCertificate('other-root');
    const client = await rig.prepare({});
    await client.stop();
    await rig.stop();
    const socket = { url: rig.wa.url, version: undefined, agent: undefined, dispatcher: undefined };
    const times = { connectTimeoutMs: 5_000, keepAliveIntervalMs: 30_000 };
    await rig.start({ socket: { ...socket, ...times } });
    await rig.state('pairing');
  });
});

describe('the signature of the account in a pairing', () => {
  it('a forged signature of the account is refused: no device is linked, and a new QR code follows', async () => {
    rig = new Rig();
    rig.wa.faults.pairing.forgeAccountSignature(true);
    await rig.start();
    const { qr } = await rig.state('pairing');
    await expect(rig.wa.phone.scan(qr ?? '')).rejects.toThrow();
    await rig.reconnect();
    expect(rig.session.isLinked).toBe(false);
    rig.wa.faults.pairing.forgeAccountSignature(false);
    const next = await rig.state('pairing');
    await rig.wa.phone.scan(next.qr ?? '');
    await rig.state('open');
  });
});
