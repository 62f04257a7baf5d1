import { LRUCache } from 'lru-cache';
import { LIMITS } from '../../core/limits.ts';

const { count, bytes } = LIMITS['sessions:memory'];

/** The records that Baileys stores today. It changes older ones in place when it reads them. */
const VERSION = 'v1';

/**
 * The session records used last, as the objects that Baileys stores and reads, so that a conversation is not parsed anew
 * for each message. One object is handed out many times: the library copies what it reads.
 *
 * Source: `SessionRecord.deserialize` and `serialize` in `libsignal/src/session_record.js` (6.0.0).
 */
export class SessionObjects {
  readonly #objects = new LRUCache<string, { readonly json: string; readonly value: object }>({
    max: count,
    maxSize: bytes,
    sizeCalculation: ({ json }) => json.length,
  });

  /** The object that this text stands for, if it is at hand. */
  get(name: string, json: string): object | undefined {
    const known = this.#objects.get(name);
    return known?.json === json ? known.value : undefined;
  }

  put(name: string, json: string, value: unknown): void {
    if (isRecord(value)) this.#objects.set(name, { json, value });
    else this.#objects.delete(name);
  }
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && 'version' in value && value.version === VERSION;
}
