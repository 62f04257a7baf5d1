import { assertNever } from '../../core/errors.ts';
import { maskForeignText } from '../../logging/mask.ts';
import { accountRefusalSentence, type CloseReason } from '../../whatsapp/connection/close-reason.ts';

const KINDS: Readonly<Record<CloseReason['kind'], true>> = {
  'logged-out': true,
  'auth-failed': true,
  'restart-required': true,
  replaced: true,
  'version-refused': true,
  'account-refused': true,
  banned: true,
  'qr-ended': true,
  'storage-failed': true,
  'closed-by-send': true,
  network: true,
};

/** Every kind of close, for counters that begin at 0. */
export const CLOSE_KINDS = Object.keys(KINDS) as ReadonlyArray<CloseReason['kind']>;

/** Why a connection ended, in one sentence for the person at the page. */
export function closeSentence(reason: CloseReason): string {
  switch (reason.kind) {
    case 'logged-out':
      return 'WhatsApp removed this device from the account.';
    case 'auth-failed':
      return `WhatsApp refused the login (${reason.statusCode}), which is often temporary.`;
    case 'restart-required':
      return 'WhatsApp asked for a new connection, as after every pairing.';
    case 'replaced':
      return 'Another client opened this session.';
    case 'version-refused':
      return 'WhatsApp refused this client version; the current one is looked up.';
    case 'account-refused':
      return accountRefusalSentence(reason.statusCode);
    case 'banned':
      return 'WhatsApp has banned this account for a while. The bot waits that long.';
    case 'qr-ended':
      return 'Nobody scanned or entered the code in time; a new one follows.';
    case 'storage-failed':
      return maskForeignText(reason.message);
    case 'closed-by-send':
      return 'WhatsApp closed the connection, perhaps because of a message that was on its way.';
    case 'network':
      return `The connection was lost (${maskForeignText(reason.message)}).`;
    default:
      return assertNever(reason);
  }
}
