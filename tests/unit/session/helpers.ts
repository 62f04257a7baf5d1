import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AuthenticationCreds,
  Curve,
  initAuthCreds,
  proto,
  type SignalDataSet,
  type SignalDataTypeMap,
  useMultiFileAuthState,
} from '@whiskeysockets/baileys';
import fc from 'fast-check';
import { onTestFinished } from 'vitest';
import { openSession, type Session, type SessionOptions } from '../../../src/session/session-store.ts';
import { copyFolder, makeFolder } from '../../integration/support/folder.ts';

/** A new seed for each run, unless `SEED` says which; a property that fails prints it. */
export const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
fc.configureGlobal({ seed, numRuns: process.env.LONG ? 2_000 : 100 });

/** A folder of this test's own, gone afterwards. */
export function temporaryFolder(): string {
  const folder = makeFolder();
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Inside a folder of this test's own, and not made yet. */
export const sessionPath = (): string => join(temporaryFolder(), 'sessions');

export interface Logged {
  readonly level: 'debug' | 'info' | 'warn';
  readonly facts: object;
  readonly text: string;
}

export function recordingLog(): { lines: Logged[]; log: SessionOptions['log'] } {
  const lines: Logged[] = [];
  const at = (level: Logged['level']) => (first: object | string, second?: string) => {
    const facts = typeof first === 'object' ? first : {};
    lines.push({ level, facts, text: typeof first === 'string' ? first : (second ?? '') });
  };
  const log = { debug: at('debug'), info: at('info'), warn: at('warn') } as unknown as SessionOptions['log'];
  return { lines, log };
}

/** A session that is closed at the end of the test, whatever happens. */
export async function openQuietly(path: string, options: Partial<SessionOptions> = {}): Promise<Session> {
  const session = await openSession(path, { log: recordingLog().log, ...options });
  onTestFinished(() => session.close());
  return session;
}

/** The folder as it is at this moment: what a process would leave if it were killed now, but for its dead socket. */
export function copyOf(path: string): string {
  const copy = join(temporaryFolder(), 'copy');
  copyFolder(path, copy);
  return copy;
}

/** `copyOf`, made as people do: each socket has a dead copy. Starting `cp` costs more than the copy of a small folder. */
export function copyByCp(path: string): string {
  const copy = join(temporaryFolder(), 'copy');
  execFileSync('cp', ['-r', path, copy], { stdio: 'pipe' });
  return copy;
}

export function linkedCreds(): AuthenticationCreds {
  return {
    ...initAuthCreds(),
    me: { id: '15551234567:3@s.whatsapp.net', lid: '98765432109876:3@lid', name: 'Bot' },
    account: {
      details: Buffer.from('details'),
      accountSignature: Buffer.from('signature'),
      accountSignatureKey: Buffer.from('key'),
      deviceSignature: Buffer.from('device'),
    },
  };
}

/** One value of each key type there is, as Baileys sets them. */
export function sampleKeys(): { [T in keyof SignalDataTypeMap]: SignalDataTypeMap[T] } {
  return {
    'pre-key': Curve.generateKeyPair(),
    session: {
      version: 'v1',
      _sessions: { 'BQ==': { registrationId: 7, indexInfo: { closed: -1 } } },
    } as never,
    'sender-key': Buffer.from(JSON.stringify([{ senderKeyId: 1 }])),
    'sender-key-memory': { '15550001111:2@s.whatsapp.net': true },
    'app-state-sync-key': proto.Message.AppStateSyncKeyData.fromObject({
      keyData: Buffer.from('key data'),
      fingerprint: { rawId: 5, currentIndex: 1, deviceIndexes: [0, 1] },
      timestamp: 12,
    }),
    'app-state-sync-version': { version: 3, hash: Buffer.alloc(128, 1), indexValueMap: {} },
    'lid-mapping': '98765432109876',
    'device-list': ['0', '3', '17'],
    tctoken: { token: Buffer.from('token'), timestamp: '1700000000' },
    'identity-key': new Uint8Array([5, 1, 2, 3]),
  };
}

export type KeyType = keyof SignalDataTypeMap;
export const KEY_TYPES = Object.keys(sampleKeys()) as KeyType[];

export function changesOf(
  type: string,
  id: string,
  value: unknown,
): { [type: string]: { [id: string]: unknown } } {
  return { [type]: { [id]: value } };
}

/** A folder as the library's own recipe leaves it: linked, with one key of each type. */
export async function stockFolder(path: string): Promise<void> {
  const { state, saveCreds } = await useMultiFileAuthState(path);
  Object.assign(state.creds, linkedCreds());
  await saveCreds();
  const samples = sampleKeys();
  for (const type of KEY_TYPES) await state.keys.set({ [type]: { '1:2': samples[type] } } as SignalDataSet);
}

/** The same JSON means the same value: a `Buffer` and a `Uint8Array` with the same bytes, say. */
export function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, part: unknown) => {
      if (part instanceof Uint8Array) return { bytes: Buffer.from(part).toString('base64') };
      const isBuffer = typeof part === 'object' && part !== null && 'type' in part && part.type === 'Buffer';
      if (!isBuffer || !('data' in part)) return part;
      const { data } = part as { data: string | number[] };
      const bytes = typeof data === 'string' ? Buffer.from(data, 'base64') : Buffer.from(data);
      return { bytes: bytes.toString('base64') };
    }) ?? 'null',
  );
}

export function write(folder: string, name: string, content: string | Buffer): void {
  writeFileSync(join(folder, name), content);
}
