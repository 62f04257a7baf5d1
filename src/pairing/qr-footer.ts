/** How long a code is valid. On a terminal it counts down; in a log it names the time, because it is read later. */
export interface Life {
  /** Which code of this connection it is, from 0. */
  readonly index: number;
  readonly expiresAtMs: number;
  readonly nowMs: number;
  readonly isTerminal: boolean;
}

export interface Footer {
  readonly life: Life;
  /** Other ways to pair; undefined if they were printed before. */
  readonly hints: { readonly pngPath: string | undefined; readonly page: string | undefined } | undefined;
  /** Set if the window is too low for the code: its rows, and the rows that are needed. */
  readonly lowWindow?: { readonly rows: number; readonly needed: number } | undefined;
}

/** The lines under a QR code. The last one says how long it is valid. Ends with a line feed. */
export function qrFooter({ life, hints, lowWindow }: Footer): string {
  const lines: string[] = [];
  if (hints) {
    lines.push('On the phone: WhatsApp → Settings → Linked devices → Link a device.');
    if (hints.pngPath !== undefined) lines.push(`As a picture: ${hints.pngPath}`);
    if (hints.page !== undefined) lines.push(`In a browser: ${hints.page}`);
    lines.push('Without a camera: set PAIRING_NUMBER to the phone number, and pair with a code.');
  }
  if (lowWindow) {
    const { rows, needed } = lowWindow;
    lines.push(`This window has ${rows} rows, the code needs ${needed}: make it taller, or zoom out.`);
  }
  lines.push(lifeLine(life));
  return `${lines.join('\n')}\n`;
}

export function lifeLine({ index, expiresAtMs, nowMs, isTerminal }: Life): string {
  const seconds = Math.max(0, Math.round((expiresAtMs - nowMs) / 1000));
  const name = `Code ${index + 1}`;
  if (isTerminal && seconds === 0) return `${name} is used up; the next one is on its way.`;
  const time = new Date(expiresAtMs).toTimeString().slice(0, 8);
  const until = isTerminal ? '' : `, until ${time}`;
  return `${name}, good for ${seconds} ${seconds === 1 ? 'second' : 'seconds'}${until}; then comes the next one.`;
}
