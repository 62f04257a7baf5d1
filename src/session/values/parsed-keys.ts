import { LRUCache } from 'lru-cache';
import { LIMITS } from '../../core/limits/limits.ts';

const { count, bytes } = LIMITS['keys:parsed'];

/**
 * The session records and sender keys used last, as the values that Baileys stores and reads, so that a
 * record is not parsed again for each message of a chat. One value is handed out many times, because the library copies
 * what it reads of these.
 *
 * Source: `SessionRecord.deserialize` and `serialize` in `libsignal/src/session_record.js` (6.0.0);
 * `SenderKeyRecord.deserialize` in `lib/Signal/Group/sender-key-record.js` of Baileys 7.0.0-rc14.
 */
export class ParsedKeys {
  readonly #values = new LRUCache<string, { readonly json: string; readonly value: object }>({
    max: count,
    maxSize: bytes,
    sizeCalculation: ({ json }) => json.length,
  });

  /** The value that this text stands for, if it is at hand. */
  get(name: string, json: string): object | undefined {
    const known = this.#values.get(name);
    return known?.json === json ? known.value : undefined;
  }

  put(type: string, name: string, json: string, value: unknown): void {
    if (isCopiedWhenRead(type, value)) this.#values.set(name, { json, value });
  }
}

/** The library changes session records of other versions in place. */
function isCopiedWhenRead(type: string, value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (type === 'sender-key') return value instanceof Uint8Array;
  return type === 'session' && 'version' in value && value.version === 'v1';
}
