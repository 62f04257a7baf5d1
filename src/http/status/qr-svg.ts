import { create } from 'qrcode';

/** A QR code as one SVG path in a square of `size` modules, without the margin of four that belongs around it. */
export interface QrPath {
  readonly size: number;
  readonly path: string;
}

let last: { readonly text: string; readonly qr: QrPath } | undefined;

/**
 * Draws each run of dark modules in a row as one bar. The last drawing is cached, because each page asks once a second.
 */
export function drawQr(text: string): QrPath {
  if (last?.text === text) return last.qr;
  const { modules } = create(text, { errorCorrectionLevel: 'L' });
  let path = '';
  for (let row = 0; row < modules.size; row += 1) {
    for (let column = 0; column < modules.size; column += 1) {
      const start = column;
      while (column < modules.size && modules.get(row, column)) column += 1;
      if (column > start) path += `M${start} ${row}h${column - start}v1h-${column - start}z`;
    }
  }
  last = { text, qr: { size: modules.size, path } };
  return last.qr;
}
