import { hash } from 'node:crypto';

/**
 * The id of a message that the bot sends: `3EB0` (as WhatsApp Web marks its own) and 18 hex digits of
 * SHA-256 over the key of the message it answers and the number of the send, or a word in its place. A handler that runs
 * again after a crash makes the same ids, and WhatsApp and its clients drop a message that they already have.
 */
export function sendId(key: string, sendNumber: number | string): string {
  return `3EB0${hash('sha256', `${key}\n${sendNumber}`, 'hex').slice(0, 18).toUpperCase()}`;
}
