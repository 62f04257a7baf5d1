import { BufferJSON, proto } from '@whiskeysockets/baileys';

/** One sender's key in one group, as Baileys stores it: a list of these, as JSON in bytes. */
interface SenderKeyState {
  readonly senderKeyId: number;
  readonly senderSigningKey: { readonly public: unknown };
}

const HAS_SKIPPED_KEYS = '"senderMessageKeys":[{';

/**
 * Baileys writes the keys of skipped group messages in a form (`{"type":"Buffer","data":[…]}`) that its own reader
 * leaves as it is, so that a message out of order fails with "Expected Buffer instead of: Object". Written as
 * base64, it is read.
 *
 * Source: `storeSenderKey` in `lib/Signal/libsignal.js`, `BufferJSON` in `lib/Utils/generics.js`.
 */
export function readableSenderKey(value: Uint8Array): Uint8Array {
  const text = Buffer.from(value).toString();
  if (!text.includes(HAS_SKIPPED_KEYS)) return value;
  return Buffer.from(JSON.stringify(JSON.parse(text), BufferJSON.replacer));
}

/**
 * Whether a distribution message brings a key that is known already. Taking it in again would push the chain that
 * can still read earlier messages out of the record; libsignal's other implementations keep the known one.
 *
 * Source: `add_sender_key_state` in signalapp/libsignal, `rust/protocol/src/sender_keys.rs`.
 */
export function isKnownSenderKey(
  record: Uint8Array | undefined,
  distribution: Uint8Array | null | undefined,
): boolean {
  if (!record || !distribution) return false;
  try {
    const { id, signingKey } = proto.SenderKeyDistributionMessage.decode(distribution.subarray(1));
    const states = JSON.parse(Buffer.from(record).toString(), reviveAny) as SenderKeyState[];
    return states.some(
      (state) =>
        state.senderKeyId === id &&
        state.senderSigningKey.public instanceof Uint8Array &&
        Buffer.compare(state.senderSigningKey.public, signingKey ?? new Uint8Array()) === 0,
    );
  } catch {
    return false;
  }
}

/** Both forms in which a Buffer may stand in that JSON. */
function reviveAny(key: string, value: unknown): unknown {
  const { type, data } = (typeof value === 'object' && value !== null ? value : {}) as {
    type?: unknown;
    data?: unknown;
  };
  return type === 'Buffer' && Array.isArray(data) ? Buffer.from(data) : BufferJSON.reviver(key, value);
}
