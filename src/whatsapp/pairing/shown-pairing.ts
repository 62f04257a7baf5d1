import type { ClientActivity } from '../client-state.ts';
import { withAdvSecret } from './pairing-secret.ts';

export type Pairing = Extract<ClientActivity, { kind: 'pairing' }>;

export interface OfferedQr {
  readonly text: string;
  /** 0 for the first QR code of a connection. */
  readonly index: number;
  readonly expiresAtMs: number;
}

export interface OfferedCode {
  readonly text: string;
  readonly expiresAtMs: number;
}

/**
 * What a person sees: the pairing code if there is one, else the QR code. The library writes the secret of the
 * beginning into every QR text; the one that counts is `advSecret`, from the credentials.
 */
export function shownPairing(
  qr: OfferedQr,
  code: OfferedCode | undefined,
  advSecret: string,
  hint: string | undefined,
): Pairing {
  const shown = { kind: 'pairing', index: qr.index, hint } as const;
  return code
    ? { ...shown, qr: undefined, code: code.text, expiresAtMs: code.expiresAtMs }
    : { ...shown, qr: withAdvSecret(qr.text, advSecret), code: undefined, expiresAtMs: qr.expiresAtMs };
}
