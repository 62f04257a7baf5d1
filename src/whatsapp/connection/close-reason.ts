import { isBoom } from '@hapi/boom';
import { isAppError, messageOf, systemCode } from '../../core/errors.ts';

/** Why a connection ended, one member for each answer that it asks for. */
export type CloseReason =
  /** The device was removed from the account: final, until a person links it again. */
  | { readonly kind: 'logged-out'; readonly detail: string }
  /** 401 or 403 that is no logout: it also reaches clients that come back fine. */
  | { readonly kind: 'auth-failed'; readonly statusCode: number }
  /** 515: part of every pairing. */
  | { readonly kind: 'restart-required' }
  /** 440: another client opened this session. */
  | { readonly kind: 'replaced' }
  /** 405: this client version is no longer let in. */
  | { readonly kind: 'version-refused' }
  /** 402: the account is banned for a while. */
  | { readonly kind: 'banned'; readonly forMs: number }
  /** All QR codes of one connection were shown and nobody scanned one. */
  | { readonly kind: 'qr-ended' }
  /** The session folder could not be written, so the connection was given up on purpose. */
  | { readonly kind: 'storage-failed'; readonly message: string }
  /** Everything else: the network, a proxy, the service. */
  | { readonly kind: 'network'; readonly statusCode: number | undefined; readonly message: string };

const DEFAULT_BAN_MS = 60 * 60 * 1000;
/** Whatever WhatsApp says: a year from now is a date that everything here can count with. */
const LONGEST_BAN_MS = 365 * 24 * 60 * 60 * 1000;

/**
 * Sorts what Baileys reports in `lastDisconnect.error`: a Boom of its own copy of that package (so never
 * `instanceof`), a plain Error, or nothing.
 *
 * Source: `lib/Socket/socket.js` and `lib/Utils/generics.js` of Baileys 7.0.0-rc14.
 */
export function classifyClose(error: unknown): CloseReason {
  if (isAppError(error, 'STORAGE_FAILED')) return { kind: 'storage-failed', message: error.message };
  const message = error === undefined ? 'closed without an error' : messageOf(error);
  const { statusCode, data } = readBoom(error);
  if (isLogout(statusCode, message, data)) return { kind: 'logged-out', detail: message };
  // A refused upgrade carries the HTTP status of whoever refused it: a proxy's 401 is not WhatsApp's.
  if (message.startsWith('WebSocket Error')) return { kind: 'network', statusCode, message };
  switch (statusCode) {
    case 401:
    case 403:
      return { kind: 'auth-failed', statusCode };
    case 402:
      return { kind: 'banned', forMs: banLengthMs(data) };
    case 405:
      return { kind: 'version-refused' };
    case 440:
      return { kind: 'replaced' };
    case 515:
      return { kind: 'restart-required' };
    default:
      if (message.includes('QR refs attempts ended')) return { kind: 'qr-ended' };
      return { kind: 'network', statusCode, message };
  }
}

function isLogout(statusCode: number | undefined, message: string, data: Fields): boolean {
  if (/logged out/i.test(message) || message === 'Intentional Logout') return true;
  return statusCode === 401 && data.tag === 'conflict' && fieldsOf(data.attrs).type === 'device_removed';
}

/** `<failure reason="402" expire="SECONDS">`. */
function banLengthMs(data: Fields): number {
  const seconds = Number(data.expire);
  return seconds > 0 ? Math.min(Math.ceil(seconds * 1000), LONGEST_BAN_MS) : DEFAULT_BAN_MS;
}

const LOSS_CODES = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/**
 * Whether an error only says that a connection is gone or did not answer. Baileys leaves promises with such errors
 * unheard when a line is cut while it is answering something; the close itself is reported elsewhere.
 */
export function isConnectionLoss(error: unknown): boolean {
  const { statusCode } = readBoom(error);
  if (statusCode === 408 || statusCode === 428) return true;
  return LOSS_CODES.has(systemCode(error) ?? '') || /^WebSocket is not open/.test(messageOf(error));
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};

function readBoom(error: unknown): { statusCode: number | undefined; data: Fields } {
  // By its mark, which is the same in every copy of the package.
  const { output, data } = fieldsOf(isBoom(error) ? error : undefined);
  const { statusCode } = fieldsOf(output);
  return { statusCode: typeof statusCode === 'number' ? statusCode : undefined, data: fieldsOf(data) };
}
