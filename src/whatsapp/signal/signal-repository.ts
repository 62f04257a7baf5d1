import {
  DEFAULT_CONNECTION_CONFIG,
  jidDecode,
  type SignalDataTypeMap,
  type SignalRepositoryWithLIDStore,
  type SocketConfig,
} from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { AppError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import { RecentMap } from '../../core/recent-map.ts';
import type { KeyChanges } from '../../session/values/key-changes.ts';
import type { KeyQueue } from './key-queue.ts';
import { LeftOutDevices } from './left-out-devices.ts';
import { isKnownSenderKey, readableSenderKey } from './sender-keys.ts';

type MakeSignalRepository = SocketConfig['makeSignalRepository'];

/**
 * Called with each ciphertext before it is decrypted, and with each plaintext inside the transaction of its ratchet.
 */
export interface DecryptionHooks {
  /** The plaintext, if this ciphertext was decrypted before and must not be decrypted again. */
  before(ciphertext: Uint8Array): Uint8Array | undefined;
  /** Returns what must be stored in the same commit as the ratchet. */
  decrypted(
    ciphertext: Uint8Array,
    plaintext: Uint8Array,
  ): KeyChanges | undefined | Promise<KeyChanges | undefined>;
  /** Called when plaintext and ratchet are stored. */
  stored(ciphertext: Uint8Array): void;
  /** Called if the ciphertext could not be decrypted or stored. */
  failed?(ciphertext: Uint8Array): void;
}

/**
 * Baileys' own Signal repository with these changes:
 * - all transactions wait in one queue (see `KeyQueue`);
 * - a plaintext is stored in the same commit as the ratchet that decrypted it;
 * - a ratchet that encrypted a message is stored before the stanza is sent;
 * - a Signal session is looked up without parsing all of its keys;
 * - sender keys of groups are repaired (see sender-keys.ts);
 * - the Signal sessions of a folder from Baileys 6.7 move to the LID of their person;
 * - keys of people without a known LID are fetched by phone number, and devices without a key are reported.
 */
export function signalRepositoryFactory(
  keys: KeyQueue,
  hooks: DecryptionHooks,
  log: Pick<Logger, 'warn'>,
): MakeSignalRepository {
  /** People whose list of devices is stored, or was looked for. */
  const withDeviceList = new RecentMap<true>(LIMITS['recent:people'].count / 2);
  const leftOut = new LeftOutDevices(log);
  return (auth, logger, lookUpLids) => {
    // Baileys has wrapped our store in its own transactions. Its other layers hold the same object, so it is changed.
    Object.assign(auth.keys, {
      get: async (type: keyof SignalDataTypeMap, ids: string[]) => readable(type, await keys.get(type, ids)),
      set: (changes: Parameters<typeof keys.set>[0]) => keys.set(leftOut.withoutNotes(changes)),
      transaction: keys.transaction,
      isInTransaction: keys.isInTransaction,
    });
    const inner = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(auth, logger, lookUpLids);
    fetchKeysByNumber(lidMappingOf(inner));
    const { transaction } = keys;
    const migrateSession = inner.migrateSession.bind(inner);

    const decryptWith = async (
      ciphertext: Uint8Array,
      decrypt: () => Promise<Uint8Array>,
    ): Promise<Uint8Array> => {
      const plaintext = await transaction(async () => {
        const known = hooks.before(ciphertext);
        if (known) return known;
        const fresh = await decrypt();
        const changes = await hooks.decrypted(ciphertext, fresh);
        if (changes) await keys.set(changes);
        return fresh;
      }).catch((error: unknown) => {
        hooks.failed?.(ciphertext);
        throw error;
      });
      hooks.stored(ciphertext);
      return plaintext;
    };

    const storedFirst = <T>(encrypt: () => Promise<T>): Promise<T> =>
      transaction(async () => {
        const encrypted = await encrypt();
        await keys.commit();
        return encrypted;
      });

    return Object.assign(inner, {
      decryptMessage: overrideOf(inner.decryptMessage, (original, options) =>
        decryptWith(options.ciphertext, () => original(options)),
      ),
      decryptGroupMessage: overrideOf(inner.decryptGroupMessage, (original, options) =>
        decryptWith(options.msg, () => original(options)),
      ),
      processSenderKeyDistributionMessage: overrideOf(
        inner.processSenderKeyDistributionMessage,
        (original, options) =>
          transaction(async () => {
            const name = senderKeyName(inner, options.item.groupId, options.authorJid);
            const record = (await keys.get('sender-key', [name]))[name];
            if (isKnownSenderKey(record, options.item.axolotlSenderKeyDistributionMessage)) return;
            await original(options);
          }),
      ),
      encryptMessage: overrideOf(inner.encryptMessage, async (original, options) => {
        try {
          const encrypted = await storedFirst(() => original(options));
          leftOut.delete(options.jid);
          return encrypted;
        } catch (error) {
          leftOut.add(options.jid);
          throw error;
        }
      }),
      encryptGroupMessage: overrideOf(inner.encryptGroupMessage, (original, options) =>
        storedFirst(() => original(options)),
      ),
      validateSession: (jid: string) => validateSession(inner, keys, jid),
      migrateSession: async (fromJid: string, toJid: string) => {
        await listDevices(keys, withDeviceList, fromJid);
        return migrateSession(fromJid, toJid);
      },
    });
  };
}

/**
 * Values that the library may change. It changes some in place before it knows whether the operation succeeds (who
 * has a group's key, which devices a person has), so it gets copies of those.
 */
function readable<T>(type: string, found: Record<string, T>): Record<string, T> {
  if (type !== 'sender-key' && type !== 'sender-key-memory' && type !== 'device-list') return found;
  return Object.fromEntries(Object.entries(found).map(([id, value]) => [id, usable(value)]));
}

function usable<T>(value: T): T {
  if (value instanceof Uint8Array) return readableSenderKey(value) as T & Uint8Array;
  return typeof value === 'object' && value !== null ? structuredClone(value) : value;
}

/** `GROUP::USER::DEVICE`, the form of Baileys' `SenderKeyName`. */
function senderKeyName(
  repository: SignalRepositoryWithLIDStore,
  groupId: string | null | undefined,
  jid: string,
): string {
  const address = repository.jidToSignalProtocolAddress(jid);
  const dot = address.lastIndexOf('.');
  return `${groupId ?? ''}::${address.slice(0, dot)}::${address.slice(dot + 1)}`;
}

function overrideOf<O, R>(
  original: (options: O) => Promise<R>,
  replacement: (original: (options: O) => Promise<R>, options: O) => Promise<R>,
): (options: O) => Promise<R> {
  return (options) => replacement(original, options);
}

/** Devices have numbers below a hundred. */
const DEVICES = Array.from({ length: 100 }, (_, device) => device);

/**
 * Stores the list of the devices with which there are Signal sessions for a person, if no such list is stored. The
 * library moves the Signal sessions of a person to their LID only for the devices in that list, and Baileys 6.7 kept
 * none. Without the list, the next message of each known person cannot be decrypted.
 *
 * Source: `migrateSession` in `lib/Signal/libsignal.js` of Baileys 7.0.0-rc14.
 */
async function listDevices(keys: KeyQueue, listed: RecentMap<true>, jid: string): Promise<void> {
  const user = jidDecode(jid)?.user;
  if (!user || listed.has(user)) return;
  listed.set(user, true);
  await keys.transaction(async () => {
    if ((await keys.get('device-list', [user]))[user]) return;
    const ids = DEVICES.map((device) => `${user}.${device}`);
    const sessions = await keys.get('session', ids);
    const devices = DEVICES.map(String).filter((device) => sessions[`${user}.${device}`]);
    if (devices.length > 0) await keys.set({ 'device-list': { [user]: devices } });
  });
}

/** A stored record, as libsignal serializes it. */
interface StoredRecord {
  readonly _sessions?: Record<
    string,
    { readonly registrationId?: number; readonly indexInfo: { readonly closed: number } }
  >;
}

async function validateSession(
  repository: SignalRepositoryWithLIDStore,
  keys: KeyQueue,
  jid: string,
): Promise<{ exists: boolean; reason?: string }> {
  const lid = jid.endsWith('@s.whatsapp.net') ? await repository.lidMapping.getLIDForPN(jid) : undefined;
  const address = repository.jidToSignalProtocolAddress(lid ?? jid);
  const record = (await keys.get('session', [address]))[address] as StoredRecord | undefined;
  if (!record) return { exists: false, reason: 'no session' };
  const isOpen = Object.values(record._sessions ?? {}).some(
    (session) => session.indexInfo.closed === -1 && typeof session.registrationId === 'number',
  );
  return isOpen ? { exists: true } : { exists: false, reason: 'no open session' };
}

/**
 * `assertSessions` of the library fetches keys only for people whose LID is known and leaves the others out, although
 * its comment says "LID if mapped, otherwise original". Here it gets the original address for them.
 *
 * Source: `assertSessions` in `lib/Socket/messages-send.js`, the only caller of `getLIDsForPNs` beside
 * `getLIDForPN`.
 */
function fetchKeysByNumber(mapping: SignalRepositoryWithLIDStore['lidMapping']): void {
  const original = mapping.getLIDsForPNs.bind(mapping);
  mapping.getLIDForPN = async (pn) => (await original([pn]))?.[0]?.lid ?? null;
  mapping.getLIDsForPNs = async (pns) => {
    const known = (await original(pns)) ?? [];
    const hasLid = new Set(known.map(({ pn }) => pn));
    return [...known, ...pns.filter((pn) => !hasLid.has(pn)).map((pn) => ({ pn, lid: pn }))];
  };
}

/** Baileys 6 has no map of LIDs. Throws `BAD_CONFIG` then, with what to do. */
export function lidMappingOf(
  repository: Partial<SignalRepositoryWithLIDStore>,
): SignalRepositoryWithLIDStore['lidMapping'] {
  if (repository.lidMapping !== undefined) return repository.lidMapping;
  throw new AppError(
    'BAD_CONFIG',
    'durableSocketConfig() needs Baileys 7.0.0-rc13 or newer. With an older one, use useDurableAuthState() without it.',
  );
}
