import { DAY_MS } from './limits/limit-units.ts';
/** WhatsApp unlinks companion devices when the phone has been away for fourteen days. */
export const PHONE_UNLINKED_AFTER_MS = 14 * DAY_MS;

/** After this time without a sign of the phone, the log and the status page warn. */
export const PHONE_MISSED_AFTER_MS = 10 * DAY_MS;

/** After this time without a scan, `/readyz` says that the bot waits for one. */
export const UNSCANNED_AFTER_MS = 60 * 60 * 1000;

/** From this many refused logins in a row on, the log and the status page say that the session is probably gone. */
export const REFUSED_LOGINS_TO_TELL = 5;
