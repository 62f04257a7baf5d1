import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toBuffer } from 'qrcode';
import { AppError, messageOf } from '../core/errors.ts';

const NAME = 'qr-code.png';

/** The path of the picture of the last QR code of a session folder. */
export function qrPngPath(sessionPath: string): string {
  // `join` would turn `./sessions` into `sessions`, which is not what the person wrote.
  return /[/\\]$/.test(sessionPath) ? sessionPath + NAME : `${sessionPath}/${NAME}`;
}

/**
 * Writes the QR as a picture, 8 pixels a module, readable by the owner only, in place of the last one: a
 * reader gets the old picture or the new one, never half of one. Throws `STORAGE_FAILED`, and then the old one stays.
 */
export async function writeQrPng(text: string, sessionPath: string): Promise<void> {
  const picture = await toBuffer(text, { type: 'png', errorCorrectionLevel: 'L', margin: 4, scale: 8 });
  const beside = join(sessionPath, `.${NAME}.tmp`);
  try {
    // A file that a crash left there may have other permissions.
    await rm(beside, { force: true });
    await writeFile(beside, picture, { mode: 0o600, flag: 'wx' });
    await rename(beside, qrPngPath(sessionPath));
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw new AppError('STORAGE_FAILED', `could not write ${qrPngPath(sessionPath)}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}
