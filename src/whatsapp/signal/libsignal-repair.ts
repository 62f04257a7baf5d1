import { createRequire } from 'node:module';
import { speedUpCurve } from './libsignal-curve.ts';

/** The parts of libsignal 6.0.0 that are repaired here. */
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
  /** Added here: the record as it is stored, read when a try has failed. */
  untouched?: SessionRecord | null | undefined;
  getRecord(): Promise<SessionRecord | null | undefined>;
  storeRecord(record: SessionRecord): Promise<void>;
  doDecryptWhisperMessage(data: Buffer, session: SessionEntry): Promise<Buffer>;
}
interface LibSignal {
  readonly SessionCipher: { readonly prototype: SessionCipher };
}

/**
 * How many used-up chains a Signal session keeps, so that a late copy of a message is recognised. With the chain in use
 * that makes five, as on phones: `MAX_RECEIVER_CHAINS` in `rust/protocol/src/consts.rs` of Signal's libsignal.
 */
const MOST_USED_CHAINS = 4;

let isRepaired = false;

/**
 * Repairs two faults of libsignal 6.0.0, for the whole process. Later calls do nothing.
 *
 * 1. libsignal tries a message on one Signal session after another. A try that fails has already moved the ratchet of
 *    its Signal session. If a later one fits, libsignal stores the whole record, with the damaged Signal session in
 *    it. This is a source of "Bad MAC" and of "Waiting for this message". Phones work on a copy. Here a Signal session
 *    gets the fields of its stored form back after a failed try.
 * 2. Each time that the two sides take turns, a used-up chain stays, and libsignal keeps all of them. After a thousand
 *    turns a record has 100 KB, and each message reads and writes it. A closed chain without keys cannot
 *    decrypt any message, so only the newest few are kept.
 *
 * Source: `libsignal/src/session_cipher.js`.
 */
export function repairLibSignal(): void {
  if (isRepaired) return;
  isRepaired = true;
  speedUpCurve();
  const { prototype } = (createRequire(import.meta.url)('libsignal') as LibSignal).SessionCipher;

  const decrypt = prototype.doDecryptWhisperMessage;
  prototype.doDecryptWhisperMessage = async function (data, session) {
    try {
      return await decrypt.call(this, data, session);
    } catch (error) {
      // Each message has its own cipher, so the record is read once for all failed tries of the message.
      this.untouched ??= await this.getRecord();
      const untouched = this.untouched?.sessions[session.indexInfo.baseKey.toString('base64')];
      if (untouched) restore(session, untouched);
      throw error;
    }
  };

  const store = prototype.storeRecord;
  prototype.storeRecord = async function (record) {
    for (const session of Object.values(record.sessions)) dropUsedChains(session._chains);
    await store.call(this, record);
  };
}

function restore(target: object, source: object): void {
  for (const field of Object.keys(target)) Reflect.deleteProperty(target, field);
  Object.assign(target, source);
}

/** The chains of a Signal session are in the order in which they began. */
function dropUsedChains(chains: Record<string, Chain>): void {
  const used = Object.entries(chains).filter(
    ([, { chainKey, messageKeys }]) => chainKey.key === undefined && Object.keys(messageKeys).length === 0,
  );
  for (const [id] of used.slice(0, -MOST_USED_CHAINS)) delete chains[id];
}
