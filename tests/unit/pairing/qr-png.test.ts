import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'qrcode';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { qrPngPath, writeQrPng } from '../../../src/pairing/qr-png.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perennial-png-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('writeQrPng', () => {
  it('the picture has exactly the modules of the QR code, with a margin of four', async () => {
    await writeQrPng('hello', folder);
    const { modules } = create('hello', { errorCorrectionLevel: 'L' });
    const { data, info } = await sharp(readFileSync(qrPngPath(folder)))
      .greyscale()
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info.width).toBe((modules.size + 8) * 8);
    const isDark = (row: number, column: number): number => {
      const isInside = row >= 0 && column >= 0 && row < modules.size && column < modules.size;
      return isInside ? modules.get(row, column) : 0;
    };
    for (let y = 0; y < info.height; y++) {
      for (let x = 0; x < info.width; x++) {
        const pixel = data[(y * info.width + x) * info.channels];
        if (pixel !== (isDark(Math.floor(y / 8) - 4, Math.floor(x / 8) - 4) === 1 ? 0 : 255)) {
          throw new Error(`the pixel at ${x}, ${y} is ${pixel}`);
        }
      }
    }
  });

  it('the picture is readable by the owner only, and replaces the last one', async () => {
    writeFileSync(qrPngPath(folder), 'old', { mode: 0o644 });
    writeFileSync(join(folder, '.qr-code.png.tmp'), 'left by a crash', { mode: 0o644 });
    await writeQrPng('one', folder);
    await writeQrPng('two', folder);
    expect(readdirSync(folder)).toEqual(['qr-code.png']);
    expect(statSync(qrPngPath(folder)).mode & 0o777).toBe(0o600);
    expect(readFileSync(qrPngPath(folder)).subarray(1, 4).toString()).toBe('PNG');
  });

  it('the old picture stays if the new one cannot be written', async () => {
    mkdirSync(qrPngPath(folder));
    await expect(writeQrPng('x', folder)).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(readdirSync(folder)).toEqual(['qr-code.png']);
  });

  it('the error names the picture that could not be written', async () => {
    const missing = join(folder, 'missing');
    await expect(writeQrPng('x', missing)).rejects.toThrow(`could not write ${missing}/qr-code.png: ENOENT`);
  });
});

describe('qrPngPath', () => {
  it.each([
    ['./sessions', './sessions/qr-code.png'],
    ['/var/bot/', '/var/bot/qr-code.png'],
    ['C:\\bot\\', 'C:\\bot\\qr-code.png'],
  ])('the picture of the session in %s is %s', (sessionPath, expected) => {
    expect(qrPngPath(sessionPath)).toBe(expected);
  });
});
