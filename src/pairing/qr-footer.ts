import { type CodeValidity, validityLine } from './validity-line.ts';

/** The ways to pair without the QR code on the terminal. */
export interface OtherWays {
  readonly pngPath: string | undefined;
  readonly page: string | undefined;
}

export interface Footer {
  readonly validity: CodeValidity;
  /** Other ways to pair; undefined if they were printed before. */
  readonly hints: OtherWays | undefined;
  /** What to do about a window that is too low, if it is. */
  readonly lowWindow?: string | undefined;
}

/** The rows of a window, and the rows that the code needs. */
export interface LowWindow {
  readonly rows: number;
  readonly needed: number;
}

/** The lines under a QR code. The last one says how long it is valid. Ends with a line feed. */
export function qrFooter({ validity, hints, lowWindow }: Footer): string {
  const lines: string[] = [];
  if (hints) {
    lines.push('On the phone: WhatsApp → Settings → Linked devices → Link a device.');
    if (hints.pngPath !== undefined) lines.push(`As a picture: ${hints.pngPath}`);
    if (hints.page !== undefined) lines.push(`In a browser: ${hints.page}`);
    lines.push('Without a camera: set PAIRING_NUMBER to the phone number, and pair with a code.');
  }
  if (lowWindow !== undefined) lines.push(lowWindow);
  lines.push(validityLine(validity));
  return `${lines.join('\n')}\n`;
}

/** The sentence before a code that does not fit into the window, with all ways out. */
export function lowWindowSentence({ rows, needed }: LowWindow, { pngPath, page }: OtherWays): string {
  const ways = ['make it taller, and the code is drawn again', 'zoom out'];
  if (pngPath !== undefined) ways.push(`open the picture ${pngPath}`);
  if (page !== undefined) ways.push(`open ${page}`);
  ways.push('set PAIRING_NUMBER and pair with a code');
  const last = ways.pop();
  return `This window has ${rows} rows, the code needs ${needed}: ${ways.join(', ')}, or ${last}.`;
}
