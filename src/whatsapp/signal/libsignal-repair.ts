import { createRequire } from 'node:module';
import { speedUpX25519 } from './libsignal-x25519.ts';

/** The parts of libsignal 6.0.0 that are mended here. */
interface Chain {
  readonly chainKey: { readonly key?: Buffer };
  readonly messageKeys: Record<string, Buffer>;
}
interface SessionEntry {
  readonly indexInfo: { readonly baseKey: Buffer };
  readonly _chains: Record<string, Chain>;
}
interface SessionRecord {
  readonly sessions: Record<string, SessionEntry>;
}
interface SessionCipher {
  /** Ours: the record as it is stored, once a try has failed. */
  untouched?: SessionRecord | null | undefined;
  getRecord(): Promise<SessionRecord | null | undefined>;
  storeRecord(record: SessionRecord): Promise<void>;
  doDecryptWhisperMessage(data: Buffer, session: SessionEntry): Promise<Buffer>;
}
interface LibSignal {
  readonly SessionCipher: { readonly prototype: SessionCipher };
}

/** How many spent chains a session keeps, so that a late copy of a message is known as one. */
const MOST_SPENT_CHAINS = 8;

let isRepaired = false;

/**
 * Mends libsignal 6.0.0, for all of the process, once.
 *
 * A message is tried on one session after another. A try that fails has already stepped that session's ratchet,
 * and when a later session fits, the whole record is stored, the damaged session with it: a source of "Bad MAC"
 * and of "Waiting for this message". Phones work on a copy. Here a session that a failed try has touched gets the
 * fields of its stored form back.
 *
 * And every turn of a conversation leaves a spent chain behind, for ever: after a thousand turns a record has
 * 100 KB, read and written with each message. A chain that is closed and has no message keys left can decrypt
 * nothing any more; only the newest few are kept.
 *
 * Source: `libsignal/src/session_cipher.js`.
 */
export function repairLibSignal(): void {
  if (isRepaired) return;
  isRepaired = true;
  speedUpX25519();
  const { prototype } = (createRequire(import.meta.url)('libsignal') as LibSignal).SessionCipher;

  const decrypt = prototype.doDecryptWhisperMessage;
  prototype.doDecryptWhisperMessage = async function (data, session) {
    try {
      return await decrypt.call(this, data, session);
    } catch (error) {
      // A cipher is made for one message; the record is read once for all of its failed tries.
      this.untouched ??= await this.getRecord();
      const untouched = this.untouched?.sessions[session.indexInfo.baseKey.toString('base64')];
      if (untouched) restore(session, untouched);
      throw error;
    }
  };

  const store = prototype.storeRecord;
  prototype.storeRecord = async function (record) {
    for (const session of Object.values(record.sessions)) dropSpentChains(session._chains);
    await store.call(this, record);
  };
}

function restore(target: object, source: object): void {
  for (const field of Object.keys(target)) Reflect.deleteProperty(target, field);
  Object.assign(target, source);
}

/** Chains are in the order in which they were begun. */
function dropSpentChains(chains: Record<string, Chain>): void {
  const spent = Object.entries(chains).filter(
    ([, { chainKey, messageKeys }]) => chainKey.key === undefined && Object.keys(messageKeys).length === 0,
  );
  for (const [id] of spent.slice(0, -MOST_SPENT_CHAINS)) delete chains[id];
}
