import { isBoom } from '@hapi/boom';
import { assertNever, isAppError, messageOf, systemCode } from '../../core/errors.ts';

/** Why a connection ended, one member for each answer that it asks for. */
export type CloseReason =
  /** The device was removed from the account: final, until a person links it again. */
  | { readonly kind: 'logged-out'; readonly detail: string }
  /**
   * 401, 403, 516 or a conflict of an unknown type: WhatsApp Web takes the last two for a logout, and the next login
   * shows whether they are. A bare 401 also reaches clients that come back fine.
   */
  | { readonly kind: 'auth-failed'; readonly statusCode: number }
  /** 515: part of every pairing. */
  | { readonly kind: 'restart-required' }
  /** 440: another client opened this session. */
  | { readonly kind: 'replaced' }
  /** 405: this client version is no longer let in. */
  | { readonly kind: 'version-refused' }
  /** The service refuses the login because of the account or of this client, perhaps for good. */
  | { readonly kind: 'account-refused'; readonly statusCode: AccountRefusal }
  /** 402: the account is banned for a while. */
  | { readonly kind: 'banned'; readonly forMs: number }
  /** All QR codes of one connection were shown and nobody scanned one. */
  | { readonly kind: 'qr-ended' }
  /** The session folder could not be written, so the connection was given up on purpose. */
  | { readonly kind: 'storage-failed'; readonly message: string }
  /**
   * A stream error while a message was on its way, which may be its cause. `hasWorked`: WhatsApp had acknowledged other
   * messages on this connection.
   */
  | {
      readonly kind: 'closed-by-send';
      readonly statusCode: number | undefined;
      readonly message: string;
      readonly hasWorked: boolean;
    }
  /** Everything else: the network, a proxy, the service. `cause` is set if the bot gave the connection up itself. */
  | {
      readonly kind: 'network';
      readonly statusCode: number | undefined;
      readonly message: string;
      readonly cause?: SilenceCause;
    };

/** What WhatsApp left out: the answer to a step of the connect, the acks of sends, or the answers to pings. */
export type SilenceCause = 'no-handshake' | 'no-acks' | 'no-answers';

/**
 * The reasons of `<failure>` that do not pass by themselves. 406: the account is banned. 409: the service does not
 * accept what this client says of itself. 415: the account or device was not found. 418: the client is unknown.
 *
 * Source: `ConnectFailureReason` of tulir/whatsmeow, `WA_FAILURE_REASONS` of vinikjkkj/zapo.
 */
const ACCOUNT_REFUSALS = [406, 409, 415, 418] as const;
export type AccountRefusal = (typeof ACCOUNT_REFUSALS)[number];

/** What a refusal means, and what the person can do. */
export function accountRefusalSentence(statusCode: AccountRefusal): string {
  switch (statusCode) {
    case 406:
      return 'WhatsApp has banned this account (406). Open WhatsApp on the phone, which says why and how to ask for a review.';
    case 409:
      return 'WhatsApp does not accept this client (409). Update perennial, or take WA_VERSION out of the settings.';
    case 415:
      return 'WhatsApp does not find this account or device (415). Open WhatsApp on the phone and look at Linked devices.';
    case 418:
      return 'WhatsApp does not know this client (418). Open WhatsApp on the phone and look at Linked devices.';
    default:
      return assertNever(statusCode);
  }
}

/** How the library refuses a certificate chain: `processHandshake` in `lib/Utils/noise-handler.js`. */
const CHAIN_REFUSED = /^(invalid )?noise .*certificate|^certification match failed/;
const UNPROVEN_SERVER =
  'the server could not prove that it is WhatsApp: its certificate chain is not right. ' +
  'If WA_WEBSOCKET_URL names another server, set WA_ROOT_KEY to the public root key of that server.';

const MOST_ADDRESSES_TOLD = 4;

const DEFAULT_BAN_MS = 60 * 60 * 1000;
/** A longer ban counts as one year, so that its end is a valid date. */
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
  const conflict = conflictIn(data);
  if (isLogout(message, conflict)) return { kind: 'logged-out', detail: message };
  if (conflict === 'replaced') return { kind: 'replaced' };
  if (conflict !== undefined) return { kind: 'auth-failed', statusCode: 401 };
  // A refused upgrade carries the HTTP status of whoever refused it: a proxy's 401 is not WhatsApp's.
  if (message.startsWith('WebSocket Error'))
    return { kind: 'network', statusCode, message: withParts(message, data) };
  const isAtLogin = message === 'Connection Failure';
  if (isAtLogin && isAccountRefusal(statusCode)) return { kind: 'account-refused', statusCode };
  if (CHAIN_REFUSED.test(message)) return { kind: 'network', statusCode, message: UNPROVEN_SERVER };
  switch (statusCode) {
    case 401:
    case 403:
    case 516:
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
      return {
        kind: 'network',
        statusCode,
        message: isAtLogin ? `${LOGIN_REFUSED} (${statusCode})` : message,
      };
  }
}

const LOGIN_REFUSED = 'WhatsApp refused the login';

/** Whether WhatsApp refused the login because of this client or account. Its own errors (500 and above) pass. */
export function isRefusedLogin(close: CloseReason): boolean {
  if (close.kind === 'auth-failed' || close.kind === 'account-refused') return true;
  const { statusCode = 0 } = close.kind === 'network' ? close : {};
  return close.kind === 'network' && close.message.startsWith(LOGIN_REFUSED) && statusCode < 500;
}

/** If no address of a host could be reached, the error has no message of its own, and one error for each address. */
function withParts(message: string, { errors }: Fields): string {
  if (!Array.isArray(errors) || !message.includes('()')) return message;
  const parts = errors.slice(0, MOST_ADDRESSES_TOLD).map((error: unknown) => messageOf(error));
  const more = errors.length - parts.length;
  return message.replace('()', `(${parts.join('; ')}${more > 0 ? `; and ${more} more` : ''})`);
}

/** The type of the conflict in a stream error, with whichever code; empty if it has none. */
function conflictIn(data: Fields): string | undefined {
  if (data.tag !== 'conflict') return undefined;
  const { type } = fieldsOf(data.attrs);
  return typeof type === 'string' ? type : '';
}

/** A removed device is told as a conflict, with the code 401 or without any code. */
const isLogout = (message: string, conflict: string | undefined): boolean =>
  /logged out/i.test(message) || message === 'Intentional Logout' || conflict === 'device_removed';

const isAccountRefusal = (statusCode: number | undefined): statusCode is AccountRefusal =>
  ACCOUNT_REFUSALS.some((code) => code === statusCode);

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
 * Whether an error only says that a connection has closed or did not answer. If a connection breaks off while Baileys
 * answers a stanza, Baileys leaves a promise with such an error unhandled. The close itself is reported elsewhere.
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
