/** How long a code is valid. On a terminal it counts down; in a log it names the time, because it is read later. */
export interface CodeValidity {
  /** Which QR code of this connection it is, from 0; undefined for a pairing code. */
  readonly index: number | undefined;
  readonly expiresAtMs: number;
  readonly nowMs: number;
  readonly isTerminal: boolean;
}

/** How long the code is still valid, as a sentence; on a terminal also that it has expired. */
export function validityLine({ index, expiresAtMs, nowMs, isTerminal }: CodeValidity): string {
  const seconds = Math.max(0, Math.round((expiresAtMs - nowMs) / 1000));
  const name = index === undefined ? 'This code' : `Code ${index + 1}`;
  if (isTerminal && seconds === 0) return `${name} has expired. The next code follows.`;
  const time = new Date(expiresAtMs).toTimeString().slice(0, 8);
  const until = isTerminal ? '' : `, until ${time}`;
  return `${name} is valid for ${seconds} ${seconds === 1 ? 'second' : 'seconds'}${until}. The next code follows.`;
}
