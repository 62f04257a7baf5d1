import { isAppError, isTemporary } from '../../core/errors.ts';
import { phrases } from '../phrases.ts';
import { isRefusal } from '../refusal.ts';
import type { RunEnd } from './handler-run.ts';

/** `unfinished` messages are handed to the bot again: in a minute, at the next connection, after the next start. */
export type Outcome = 'done' | 'unfinished';

/** What the bot does after a handler ended. */
export type Verdict =
  | { readonly outcome: Outcome; readonly notice: undefined; readonly isFault: boolean }
  | { readonly outcome: 'done'; readonly notice: string; readonly isFault: boolean };

/**
 * What the person is told if a handler did not simply return, and whether the log reports a fault. If there was no
 * connection, or WhatsApp did not acknowledge what was sent, the message stays unfinished, because its sender has no
 * answer yet.
 */
export function decideVerdict(end: RunEnd): Verdict {
  switch (end.kind) {
    case 'returned':
      return { outcome: 'done', notice: undefined, isFault: false };
    case 'suspended':
      return { outcome: 'done', notice: undefined, isFault: false };
    case 'changed':
      return {
        outcome: 'done',
        notice: phrases.changed,
        isFault: true,
      };
    case 'stopping':
      return { outcome: 'unfinished', notice: undefined, isFault: false };
    case 'too-late':
      return { outcome: 'done', notice: phrases.tookTooLong, isFault: true };
    case 'threw':
      if (isRefusal(end.error)) return { outcome: 'done', notice: end.error.message, isFault: false };
      if (isTemporary(end.error)) {
        const isFault = !isAppError(end.error, 'NOT_CONNECTED');
        return { outcome: 'unfinished', notice: undefined, isFault };
      }
      // WhatsApp would refuse the notice in the same chat too.
      if (isAppError(end.error, 'SEND_REFUSED') && end.error.whatsappCode !== undefined)
        return { outcome: 'done', notice: undefined, isFault: true };
      return { outcome: 'done', notice: phrases.failed, isFault: true };
  }
}
