import { BufferJSON, proto } from '@whiskeysockets/baileys';

/** One sender's key in one group, as Baileys stores it: a list of these, as JSON in bytes. */
interface SenderKeyState {
  readonly senderKeyId: number;
  readonly senderSigningKey: { readonly public: unknown };
}

const HAS_SKIPPED_KEYS = '"senderMessageKeys":[{';

/**
 * A stored sender key in a form that Baileys can read. Baileys writes the keys of skipped group messages as
 * `{"type":"Buffer","data":[…]}`, but its own reader does not turn that into a Buffer. A message out of order then fails
 * with "Expected Buffer instead of: Object". Baileys does read base64.
 *
 * Source: `storeSenderKey` in `lib/Signal/libsignal.js`, `BufferJSON` in `lib/Utils/generics.js`.
 */
export function readableSenderKey(value: Uint8Array): Uint8Array {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (!bytes.includes(HAS_SKIPPED_KEYS)) return value;
  return Buffer.from(JSON.stringify(JSON.parse(bytes.toString()), BufferJSON.replacer));
}

/**
 * Whether a distribution message brings a key that the record has already. Processing it again would remove the
 * chain that can read earlier messages; other implementations of libsignal keep the known key.
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

/** A JSON reviver for both forms of a Buffer. */
function reviveAny(key: string, value: unknown): unknown {
  const { type, data } = (typeof value === 'object' && value !== null ? value : {}) as {
    type?: unknown;
    data?: unknown;
  };
  return type === 'Buffer' && Array.isArray(data) ? Buffer.from(data) : BufferJSON.reviver(key, value);
}
