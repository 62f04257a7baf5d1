import { Curve, type KeyPair, proto } from '@whiskeysockets/baileys';

/**
 * A certificate chain for the server's static key, signed by a root of its own.
 *
 * A genuine chain ends in WhatsApp's root key, which nobody else can sign with. Baileys 7.0.0-rc14 asks for
 * the chain's shape (two certificates, 64-byte signatures, issuer serial 0) and does check both signatures,
 * but drops the outcome of the check: its `Curve.verify` is false only when libsignal throws, and libsignal
 * returns false instead. A client that looks at the outcome refuses this chain, as it should.
 */
export function makeCertificateChain(serverKey: KeyPair): Uint8Array {
  const root = Curve.generateKeyPair();
  const issuer = Curve.generateKeyPair();
  const { Details } = proto.CertChain.NoiseCertificate;
  const intermediate = Details.encode({ serial: 1, issuerSerial: 0, key: issuer.public }).finish();
  const leaf = Details.encode({ serial: 2, issuerSerial: 1, key: serverKey.public }).finish();
  return proto.CertChain.encode({
    intermediate: { details: intermediate, signature: Curve.sign(root.private, intermediate) },
    leaf: { details: leaf, signature: Curve.sign(issuer.private, leaf) },
  }).finish();
}
