import { createRequire } from 'node:module';

/** The parts of libsignal 6.0.0 that this repair touches. */
interface SessionEntry {
  readonly indexInfo: { readonly baseKey: Buffer };
}
interface SessionCipher {
  getRecord(): Promise<{ readonly sessions: Record<string, SessionEntry> } | null | undefined>;
  doDecryptWhisperMessage(data: Buffer, session: SessionEntry): Promise<Buffer>;
}
interface LibSignal {
  readonly SessionCipher: { readonly prototype: SessionCipher };
}

let isRepaired = false;

/**
 * A message is tried on one session after another. In libsignal 6.0.0 a try that fails has already stepped that
 * session's ratchet, and when a later session fits, the whole record is stored, the damaged session with it: a
 * source of "Bad MAC" and of "Waiting for this message". Phones work on a copy. So does this: a session that a
 * failed try has touched gets the fields of its stored form back.
 *
 * Source: `decryptWithSessions` and `doDecryptWhisperMessage` in `libsignal/src/session_cipher.js`.
 */
export function repairLibSignal(): void {
  if (isRepaired) return;
  isRepaired = true;
  const { prototype } = (createRequire(import.meta.url)('libsignal') as LibSignal).SessionCipher;
  const decrypt = prototype.doDecryptWhisperMessage;
  prototype.doDecryptWhisperMessage = async function (data, session) {
    try {
      return await decrypt.call(this, data, session);
    } catch (error) {
      const stored = await this.getRecord();
      const untouched = stored?.sessions[session.indexInfo.baseKey.toString('base64')];
      if (untouched) restore(session, untouched);
      throw error;
    }
  };
}

function restore(target: object, source: object): void {
  for (const field of Object.keys(target)) Reflect.deleteProperty(target, field);
  Object.assign(target, source);
}
