import { randomInt } from 'node:crypto';
import { type Stanza, stanza, uintBytes } from '../wire/stanza.ts';
import { curve, type SignalKeyPair, withoutKeyType } from './phone-libsignal.ts';

/** The keys with which a Signal session with a device is opened. Public keys have no type byte. */
export interface KeyBundle {
  readonly registrationId: number;
  readonly identity: Buffer;
  readonly signedPreKey: { readonly id: number; readonly value: Buffer; readonly signature: Buffer };
  readonly preKey: { readonly id: number; readonly value: Buffer } | undefined;
}

/** The long-lived keys of a simulated phone, and the one-time keys it has handed out. */
export class PhoneKeys {
  readonly registrationId: number;
  readonly identity: SignalKeyPair;
  readonly #signedPreKey: SignalKeyPair;
  #signature: Buffer | undefined;
  readonly #preKeys = new Map<number, SignalKeyPair>();
  #nextPreKeyId = 1;

  /** New keys, or a copy of the keys of another phone. */
  constructor(from?: PhoneKeys) {
    this.registrationId = from?.registrationId ?? randomInt(1, 16380);
    this.identity = from?.identity ?? curve.generateKeyPair();
    this.#signedPreKey = from ? from.#signedPreKey : curve.generateKeyPair();
    if (!from) return;
    for (const [id, pair] of from.#preKeys) this.#preKeys.set(id, pair);
    this.#nextPreKeyId = from.#nextPreKeyId;
  }

  /** A bundle with a new one-time key. */
  bundle(): KeyBundle {
    const id = this.#nextPreKeyId++;
    const pair = curve.generateKeyPair();
    this.#preKeys.set(id, pair);
    this.#signature ??= this.#sign();
    return {
      registrationId: this.registrationId,
      identity: withoutKeyType(this.identity.pubKey),
      signedPreKey: { id: 1, value: withoutKeyType(this.#signedPreKey.pubKey), signature: this.#signature },
      preKey: { id, value: withoutKeyType(pair.pubKey) },
    };
  }

  /** Called at the first bundle only, because a signature is slow and most people never need one. */
  #sign(): Buffer {
    return curve.calculateSignature(this.identity.privKey, this.#signedPreKey.pubKey);
  }

  signedPreKey(id: number): SignalKeyPair | undefined {
    return id === 1 ? this.#signedPreKey : undefined;
  }

  preKey(id: number): SignalKeyPair | undefined {
    return this.#preKeys.get(id);
  }

  spendPreKey(id: number): void {
    this.#preKeys.delete(id);
  }
}

/** A bundle as nodes, for the answer to a key query and for a retry receipt. */
export function bundleNodes(bundle: KeyBundle): Stanza[] {
  const { signedPreKey, preKey } = bundle;
  const nodes = [
    stanza('type', {}, Buffer.from([5])),
    stanza('identity', {}, bundle.identity),
    stanza('skey', {}, [
      stanza('id', {}, uintBytes(signedPreKey.id, 3)),
      stanza('value', {}, signedPreKey.value),
      stanza('signature', {}, signedPreKey.signature),
    ]),
  ];
  if (preKey) {
    const key = [stanza('id', {}, uintBytes(preKey.id, 3)), stanza('value', {}, preKey.value)];
    nodes.push(stanza('key', {}, key));
  }
  return nodes;
}
