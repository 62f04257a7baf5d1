/** How long WhatsApp accepts QR codes and pairing codes, and how long we wait for its answers. */

const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;
/** From the first QR code on, the connection lasts for six of them: a pairing code does not outlive it. */
const ROUND_MS = FIRST_QR_MS + 5 * NEXT_QR_MS;
/** How long WhatsApp accepts a pairing code after the request. */
const CODE_MS = 180_000;

/** How long after a person has entered the pairing code on the phone the link must be there. */
export const LINK_WITHIN_MS = 60_000;
/** If a request for a pairing code has no answer within this time, the QR code is shown meanwhile. */
export const CODE_ANSWER_WITHIN_MS = 3_000;

/** `index` 0 is the first QR code of a connection. */
export const qrExpiresAtMs = (index: number, nowMs: number): number =>
  nowMs + (index === 0 ? FIRST_QR_MS : NEXT_QR_MS);

export const codeExpiresAtMs = (askedAtMs: number, firstQrAtMs: number): number =>
  Math.min(askedAtMs + CODE_MS, firstQrAtMs + ROUND_MS);
