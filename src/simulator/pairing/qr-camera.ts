import { existsSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** Reads the QR code in a picture, as a phone's camera does. Undefined if there is none. */
export async function readQr(path: string): Promise<string | undefined> {
  // Loaded when they are needed: a test that gives the QR text needs neither.
  const [{ default: sharp }, { default: jsQR }] = await Promise.all([import('sharp'), import('jsqr')]);
  const { data, info } = await sharp(path).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return jsQR.default(new Uint8ClampedArray(data), info.width, info.height)?.data;
}

/** Resolves with the QR code in the picture at `path` as soon as there is one; rejects when the signal aborts. */
export async function waitForQr(path: string, signal: AbortSignal): Promise<string> {
  for (;;) {
    signal.throwIfAborted();
    const text = existsSync(path) ? await readQr(path).catch(() => undefined) : undefined;
    if (text) return text;
    await nextChange(dirname(path), signal);
  }
}

/** Resolves at the next change in a folder, and after 100 ms at the latest: the folder may not exist yet. */
function nextChange(folder: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      watcher?.close();
      resolve();
    };
    const onAbort = (): void => {
      clearTimeout(timer);
      watcher?.close();
      reject(signal.reason);
    };
    const timer = setTimeout(done, 100);
    const watcher = existsSync(folder) ? watch(folder, done) : undefined;
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
