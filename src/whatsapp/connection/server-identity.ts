import { createRequire } from 'node:module';
import { Curve, generateSignalPubKey, proto, toNumber, WA_CERT_DETAILS } from '@whiskeysockets/baileys';
import { isLoopback } from '../../config/setting-kinds.ts';

/** How a connection finds out whether its server is the one it was meant for. */
export interface ServerTrust {
  /** The public root key that the certificate chain must end in, 32 bytes. Default WhatsApp's. */
  readonly rootKey?: Uint8Array | undefined;
  /** Whether the chain must be signed at all. False for a server on this machine if no root key is set for it. */
  readonly mustBeSigned: boolean;
  /**
   * Whether the chain must also name the key that the server uses, and be valid now. False for a server that shows
   * WhatsApp's chain without WhatsApp's key, as servers for tests do.
   */
  readonly mustOwnKey: boolean;
}

/** What one handshake has shown so far. */
interface Handshake {
  readonly trust: ServerTrust;
  /** The key that the server uses. */
  readonly serverKey: Uint8Array;
  leaf?: { readonly issuerKey: Uint8Array; readonly details: Uint8Array };
}

interface LibSignalCurve {
  verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

const { Details } = proto.CertChain.NoiseCertificate;

/** The trust of each connection, by the private key that it made for its handshake. */
const trusts = new WeakMap<Uint8Array, ServerTrust>();
let opening: ServerTrust | undefined;
let handshake: Handshake | undefined;
let isRepaired = false;

/** Runs `makeSocket`, which must call `makeWASocket` once: its connection trusts only such a server. */
export function withServerTrust<T>(trust: ServerTrust, makeSocket: () => T): T {
  repairCurve();
  opening = trust;
  try {
    return makeSocket();
  } finally {
    opening = undefined;
  }
}

/**
 * What is wrong with a certificate chain whose signatures are right; undefined if nothing is. `issuerKey` is the key
 * that the leaf was checked with.
 *
 * Source: `verifyServerCert` of tulir/whatsmeow, `WaNoiseCert` of vinikjkkj/zapo.
 */
export function chainProblem(
  chain: { readonly leaf: Uint8Array; readonly intermediate: Uint8Array; readonly issuerKey: Uint8Array },
  serverKey: Uint8Array,
  mustOwnKey: boolean,
  nowMs: number,
): 'other-issuer' | 'other-key' | 'not-valid-now' | undefined {
  const leaf = Details.decode(chain.leaf);
  const intermediate = Details.decode(chain.intermediate);
  const isIssuer = isSame(intermediate.key, chain.issuerKey) && leaf.issuerSerial === intermediate.serial;
  if (!isIssuer) return 'other-issuer';
  if (!mustOwnKey) return undefined;
  if (!isSame(leaf.key, serverKey)) return 'other-key';
  const isValid = [leaf, intermediate].every(
    ({ notBefore, notAfter }) => toNumber(notBefore) * 1000 <= nowMs && nowMs <= toNumber(notAfter) * 1000,
  );
  return isValid ? undefined : 'not-valid-now';
}

const isSame = (one: Uint8Array | null | undefined, other: Uint8Array): boolean =>
  one !== null && one !== undefined && Buffer.compare(one, other) === 0;

/**
 * Repairs `Curve.verify` for the whole process: the library ignores libsignal's answer about a signature, so neither
 * the account's signature in a pairing nor the certificate chain of the server is checked. In the handshake of a
 * connection with a trust, the chain must also fit the server. Later calls do nothing.
 *
 * `processHandshake` calls, without a pause between: `sharedKey` with the server's key, `verify` of the leaf, `verify`
 * of the intermediate certificate under `WA_CERT_DETAILS.PUBLIC_KEY`.
 *
 * Source: `lib/Utils/crypto.js` and `lib/Utils/noise-handler.js` of Baileys 7.0.0-rc14.
 */
function repairCurve(): void {
  if (isRepaired) return;
  isRepaired = true;
  const { verifySignature } = createRequire(import.meta.url)('libsignal/src/curve.js') as LibSignalCurve;
  const { generateKeyPair, sharedKey, verify } = Curve;

  const isSigned: typeof verify = (publicKey, message, signature) => {
    try {
      return verifySignature(generateSignalPubKey(publicKey), message, signature) === true;
    } catch {
      return false;
    }
  };

  Curve.generateKeyPair = () => {
    const pair = generateKeyPair();
    if (opening) trusts.set(pair.private, opening);
    return pair;
  };

  Curve.sharedKey = (privateKey, publicKey) => {
    const trust = trusts.get(privateKey);
    if (trust) handshake = { trust, serverKey: publicKey };
    return sharedKey(privateKey, publicKey);
  };

  Curve.verify = (publicKey, message, signature) => {
    if (publicKey !== WA_CERT_DETAILS.PUBLIC_KEY) {
      if (!handshake || handshake.leaf) return isSigned(publicKey, message, signature);
      handshake.leaf = { issuerKey: publicKey, details: message };
      return !handshake.trust.mustBeSigned || isSigned(publicKey, message, signature);
    }
    const shown = handshake;
    handshake = undefined;
    // Another client in this process, which this program did not make.
    if (!shown) return verify(publicKey, message, signature);
    const { trust, serverKey, leaf } = shown;
    if (!trust.mustBeSigned) return true;
    const rootKey = trust.rootKey ? Buffer.from(trust.rootKey) : publicKey;
    if (!leaf || !isSigned(rootKey, message, signature)) return false;
    const chain = { leaf: leaf.details, intermediate: message, issuerKey: leaf.issuerKey };
    return chainProblem(chain, serverKey, trust.mustOwnKey, Date.now()) === undefined;
  };
}

const WHATSAPP_HOST = /(^|\.)whatsapp\.(com|net)$/;

/**
 * The trust for a server at this address, and for its root key if one is set. A server on this machine (tests use one)
 * needs no signed chain unless its root key is set, because a program that answers there can read the session, too.
 */
export function trustFor(url: string, rootKey: Uint8Array | undefined): ServerTrust {
  const { hostname } = new URL(url);
  const isNamed = rootKey !== undefined;
  return {
    rootKey,
    mustBeSigned: isNamed || !isLoopback(hostname.replace(/^\[(.*)\]$/, '$1')),
    mustOwnKey: isNamed || WHATSAPP_HOST.test(hostname),
  };
}
