import { Curve } from '@whiskeysockets/baileys';
import { openSession } from '../../../src/session/session-store.ts';

/** `save-pre-keys.ts FOLDER COUNT`: saves that many, as the first login does, and closes. */
const [folder = '', count = '0'] = process.argv.slice(2);
const quiet = { debug: () => {}, info: () => {}, warn: () => {} };
const fail = (error: unknown): void => {
  console.error(error);
  process.exitCode = 1;
};
const session = await openSession(folder, { log: quiet, onFailure: fail });
const keys = Array.from(
  { length: Number(count) },
  (_, index) => [index + 1, Curve.generateKeyPair()] as const,
);
await session.set({ 'pre-key': Object.fromEntries(keys) });
await session.close();
