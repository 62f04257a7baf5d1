import { fetchLatestWaWebVersion } from '@whiskeysockets/baileys';

/** WhatsApp Web's client version, e.g. 2.3000.1043857760. */
export type WaVersion = readonly [number, number, number];

const LOOK_UP_WITHIN_MS = 5_000;

/** The version that WhatsApp Web has at the moment; undefined where nobody answers within five seconds. */
export async function lookUpVersion(dispatcher?: unknown): Promise<WaVersion | undefined> {
  const options = {
    signal: AbortSignal.timeout(LOOK_UP_WITHIN_MS),
    ...(dispatcher ? { dispatcher } : {}),
  } as RequestInit;
  const { version, isLatest } = await fetchLatestWaWebVersion(options);
  const [first, second, third] = version;
  return isLatest && first !== undefined && second !== undefined && third !== undefined
    ? [first, second, third]
    : undefined;
}
