import { Curve, useMultiFileAuthState } from '@whiskeysockets/baileys';
import { openSession } from '../../src/session/open-session.ts';
import type { Kind } from '../bots.ts';
import { inFolder } from './paired-bot.ts';

/** How many pre-keys a first login saves. */
const PRE_KEYS = 812;

/** Milliseconds until the pre-keys of a first login are saved. */
export function preKeysMs(kind: Exclude<Kind, 'rival'>): Promise<number> {
  return inFolder(async (folder) => {
    const keys = Object.fromEntries(
      Array.from({ length: PRE_KEYS }, (_, id) => [id + 1, Curve.generateKeyPair()]),
    );
    if (kind === 'recipe') {
      const { state } = await useMultiFileAuthState(folder);
      const startedAt = performance.now();
      await state.keys.set({ 'pre-key': keys });
      return performance.now() - startedAt;
    }
    const session = await openSession(folder, { log: { debug: () => {}, info: () => {}, warn: () => {} } });
    const startedAt = performance.now();
    await session.set({ 'pre-key': keys });
    const ms = performance.now() - startedAt;
    await session.close();
    return ms;
  });
}
