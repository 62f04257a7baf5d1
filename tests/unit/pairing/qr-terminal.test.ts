import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { create, type QRCodeMaskPattern } from 'qrcode';
import { describe, expect, it } from 'vitest';
import { QR_HEADING, type QrLook, renderQr } from '../../../src/pairing/qr-terminal.ts';

/** As long as WhatsApp's: an address, a reference and three keys. */
const KEY = `${'aB3+/'.repeat(8)}xyz=`;
const REF = `2@${'Zk9-_'.repeat(20)}+`;
const QR = `https://wa.me/settings/linked_devices#${[REF, KEY, KEY, KEY, '1'].join(',')}`;

const plain: QrLook = { columns: undefined, isColorful: false, pngPath: './sessions/qr-code.png' };
const paper: QrLook = { ...plain, isColorful: true };

const DARK_IN_INK: Readonly<Record<string, string>> = { '█': '11', '▀': '10', '▄': '01', ' ': '00' };
const DARK_IN_LIGHT: Readonly<Record<string, string>> = { '█': '00', '▀': '01', '▄': '10', ' ': '11' };

/** The block as rows of modules: 1 is dark. */
function modulesOf(block: string, darkOf: Readonly<Record<string, string>>): string[] {
  const lines = stripVTControlCharacters(block).split('\n').slice(1, -1);
  return lines.flatMap((line) =>
    [0, 1].map((half) => [...line].map((cell) => darkOf[cell]?.[half] ?? '?').join('')),
  );
}

function widthOf(block: string): number {
  return Math.max(
    ...stripVTControlCharacters(block)
      .split('\n')
      .slice(1)
      .map((line) => line.length),
  );
}

/** The code's modules as another library has them, with each of the eight masks that a writer may choose. */
function expectedModules(text: string): string[][] {
  return ([0, 1, 2, 3, 4, 5, 6, 7] satisfies QRCodeMaskPattern[]).map((maskPattern) => {
    const segments = [{ data: Buffer.from(text), mode: 'byte' as const }];
    const { modules } = create(segments, { errorCorrectionLevel: 'L', maskPattern });
    return Array.from({ length: modules.size }, (_, row) =>
      Array.from({ length: modules.size }, (_, column) => modules.get(row, column)).join(''),
    );
  });
}

/** Cuts the light modules off around the code; says so if one of them is dark. */
function withoutMargin(rows: string[], top: number, side: number, size: number): string[] {
  const isCode = (y: number): boolean => y >= top && y < top + size;
  const margin = rows.map((row, y) => (isCode(y) ? row.slice(0, side) + row.slice(side + size) : row));
  expect(margin.join('')).toMatch(/^0+$/);
  return rows.filter((_, y) => isCode(y)).map((row) => row.slice(side, side + size));
}

describe('renderQr', () => {
  it('the block of a QR code has the heading that people look for', () => {
    expect(renderQr(QR, plain).split('\n')[0]).toBe('=== SCAN THIS QR CODE WITH WHATSAPP ===');
    expect(renderQr(QR, paper).startsWith(`${QR_HEADING}\n`)).toBe(true);
  });

  it('the block of a QR code fits into 80 columns: 69 with a margin, 63 without', () => {
    expect(QR.length).toBe(278);
    expect(widthOf(renderQr(QR, plain))).toBe(63);
    expect(widthOf(renderQr(QR, { ...paper, columns: 80 }))).toBe(69);
    expect(widthOf(renderQr(QR, { ...paper, columns: 68 }))).toBe(63);
  });

  const looks = [
    { name: 'in ink on paper', isColorful: true, room: 8, darkOf: DARK_IN_INK, skip: 0, top: 4, side: 4 },
    {
      name: 'in ink on paper, in a narrow window',
      isColorful: true,
      room: 7,
      darkOf: DARK_IN_INK,
      skip: 0,
      top: 2,
      side: 1,
    },
    // The upper half of the first line is the ground of the terminal.
    { name: 'in light blocks', isColorful: false, room: 2, darkOf: DARK_IN_LIGHT, skip: 1, top: 1, side: 1 },
  ];
  it.each(looks)(
    'renderQr draws exactly the modules of the code, $name',
    ({ isColorful, room, darkOf, skip, top, side }) => {
      fc.assert(
        fc.property(fc.stringMatching(/^[ -~]{1,300}$/), (text) => {
          const all = expectedModules(text);
          const size = all[0]?.length ?? 0;
          const block = renderQr(text, { ...plain, isColorful, columns: size + room });
          expect(all).toContainEqual(withoutMargin(modulesOf(block, darkOf).slice(skip), top, side, size));
        }),
        { numRuns: 15, examples: [[QR]] },
      );
    },
  );

  it('in color the block sets black and white on every line, and without color it has no escape codes', () => {
    for (const line of renderQr(QR, paper).split('\n').slice(1, -1)) {
      expect(line.startsWith('\u001b[38;5;16;48;5;231m')).toBe(true);
      expect(line.endsWith('\u001b[0m')).toBe(true);
    }
    expect(renderQr(QR, plain)).not.toContain('\u001b');
  });

  it('if the window is too narrow, one line names the picture', () => {
    expect(renderQr(QR, { ...paper, columns: 62 })).toBe(
      `${QR_HEADING}\nThis window has 62 columns, the code needs 63: make it wider, or open ./sessions/qr-code.png\n`,
    );
    expect(renderQr(QR, { ...paper, columns: 62, pngPath: undefined })).toMatch(/needs 63: make it wider\n$/);
  });

  it('the block of a QR code is never wider than the window', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), fc.boolean(), (columns, isColorful) => {
        const lines = stripVTControlCharacters(renderQr(QR, { ...plain, columns, isColorful })).split('\n');
        const drawn = lines.slice(1).filter((line) => /[█▀▄]/.test(line));
        expect(drawn.every((line) => line.length <= columns)).toBe(true);
        expect(drawn.length > 0).toBe(columns >= 63);
      }),
    );
  });
});
