import { Curve, useMultiFileAuthState } from '@whiskeysockets/baileys';
import { type FileSystem, realFileSystem } from '../../src/session/folder/file-system.ts';
import { openSession } from '../../src/session/session-store.ts';
import type { Kind } from '../bots.ts';
import { inFolder } from './paired-bot.ts';

/** How many pre-keys a first login saves. */
const PRE_KEYS = 812;

/** Milliseconds until the pre-keys of a first login are saved. */
export interface PreKeysCost {
  readonly savedMs: number;
  /** Without waiting for the disk, which the recipe never does: a kill loses nothing then, a power cut may. */
  readonly unsyncedMs: number;
}

export async function preKeysCost(kind: Exclude<Kind, 'rival'>): Promise<PreKeysCost> {
  if (kind === 'recipe') {
    const savedMs = await inFolder(recipeMs);
    return { savedMs, unsyncedMs: savedMs };
  }
  const savedMs = await inFolder((folder) => sessionMs(folder, realFileSystem));
  return { savedMs, unsyncedMs: await inFolder((folder) => sessionMs(folder, unsynced)) };
}

async function recipeMs(folder: string): Promise<number> {
  const { state } = await useMultiFileAuthState(folder);
  const keys = newKeys();
  const startedAt = performance.now();
  await state.keys.set({ 'pre-key': keys });
  return performance.now() - startedAt;
}

async function sessionMs(folder: string, fs: FileSystem): Promise<number> {
  const log = { debug: () => {}, info: () => {}, warn: () => {} };
  const session = await openSession(folder, { log, fs });
  const keys = newKeys();
  const startedAt = performance.now();
  await session.set({ 'pre-key': keys });
  const ms = performance.now() - startedAt;
  await session.close();
  return ms;
}

const newKeys = () =>
  Object.fromEntries(Array.from({ length: PRE_KEYS }, (_, id) => [id + 1, Curve.generateKeyPair()]));

const noSync = (_fd: number, done: (error: null) => void): void => void setImmediate(done, null);
const unsynced: FileSystem = {
  ...realFileSystem,
  fdatasync: Object.assign(noSync, realFileSystem.fdatasync),
};
