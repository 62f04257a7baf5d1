import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toBuffer } from 'qrcode';
import { AppError, messageOf } from '../core/errors.ts';

const NAME = 'qr-code.png';

/** Where the last QR of a session folder lies as a picture. */
export function qrPngPath(sessionPath: string): string {
  // Not `join`, which would make `./sessions` another name than the one the person gave.
  return /[/\\]$/.test(sessionPath) ? sessionPath + NAME : `${sessionPath}/${NAME}`;
}

/**
 * Writes the QR as a picture, 8 pixels a module, readable by the owner only, in place of the last one: whoever
 * looks sees the old picture or the new one, never half of one. Throws `STORAGE_FAILED`, and leaves the old one.
 */
export async function writeQrPng(text: string, sessionPath: string): Promise<void> {
  const picture = await toBuffer(text, { type: 'png', errorCorrectionLevel: 'L', margin: 4, scale: 8 });
  const beside = join(sessionPath, `.${NAME}.tmp`);
  try {
    // What a crash left there may have other rights.
    await rm(beside, { force: true });
    await writeFile(beside, picture, { mode: 0o600, flag: 'wx' });
    await rename(beside, qrPngPath(sessionPath));
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw new AppError(
      'STORAGE_FAILED',
      `${qrPngPath(sessionPath)} cannot be written: ${messageOf(error)}.`,
      { cause: error },
    );
  }
}
