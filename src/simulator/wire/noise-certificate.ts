import { randomBytes } from 'node:crypto';
import { Curve, type KeyPair, proto } from '@whiskeysockets/baileys';
import { nowSeconds } from './server-time.ts';

/**
 * What is wrong with a certificate chain.
 * - `forged-leaf`, `forged-intermediate`: the signature is random.
 * - `other-root`: the chain is signed by another root key.
 * - `other-key`: the leaf names another key than the server uses.
 * - `other-issuer`: the leaf names another issuer than the intermediate certificate.
 * - `expired`: both certificates ended yesterday.
 */
export type CertificateFlaw =
  | 'forged-leaf'
  | 'forged-intermediate'
  | 'other-root'
  | 'other-key'
  | 'other-issuer'
  | 'expired';

const DAY_SECONDS = 86_400;
const { Details } = proto.CertChain.NoiseCertificate;

/**
 * Issues the chain for the server's static key. The root key is the simulator's own, because only WhatsApp has the
 * private key of its own root. Two certificates, serials 0 (root), 1 and 2, each valid from yesterday for ten years.
 *
 * Baileys 7.0.0-rc14 checks the signatures and ignores the result: its `Curve.verify` is false only if libsignal
 * throws. A client that checks must be given `rootKey`.
 */
export class CertificateAuthority {
  readonly #root = Curve.generateKeyPair();
  readonly #issuer = Curve.generateKeyPair();
  readonly #serverKey: KeyPair;
  readonly #chains = new Map<CertificateFlaw | undefined, Uint8Array>();

  constructor(serverKey: KeyPair) {
    this.#serverKey = serverKey;
  }

  /** The public root key, 32 bytes. */
  get rootKey(): Buffer {
    return Buffer.from(this.#root.public);
  }

  /** The chain as bytes. It is made once for each flaw. */
  chain(flaw: CertificateFlaw | undefined): Uint8Array {
    const known = this.#chains.get(flaw);
    if (known) return known;
    const made = this.#make(flaw);
    this.#chains.set(flaw, made);
    return made;
  }

  #make(flaw: CertificateFlaw | undefined): Uint8Array {
    const now = nowSeconds();
    const notAfter = flaw === 'expired' ? now - DAY_SECONDS : now + 3650 * DAY_SECONDS;
    const period = { notBefore: now - 2 * DAY_SECONDS, notAfter };
    const root = flaw === 'other-root' ? Curve.generateKeyPair() : this.#root;
    const leafKey = flaw === 'other-key' ? Curve.generateKeyPair() : this.#serverKey;
    const issuerSerial = flaw === 'other-issuer' ? 9 : 1;
    const intermediate = Details.encode({
      serial: 1,
      issuerSerial: 0,
      key: this.#issuer.public,
      ...period,
    }).finish();
    const leaf = Details.encode({ serial: 2, issuerSerial, key: leafKey.public, ...period }).finish();
    const sign = (key: KeyPair, details: Uint8Array, isForged: boolean) => ({
      details,
      signature: isForged ? randomBytes(64) : Curve.sign(key.private, details),
    });
    return proto.CertChain.encode({
      intermediate: sign(root, intermediate, flaw === 'forged-intermediate'),
      leaf: sign(this.#issuer, leaf, flaw === 'forged-leaf'),
    }).finish();
  }
}
