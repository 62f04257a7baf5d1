import { isAppError, isTemporary } from '../../core/errors.ts';
import { phrases } from '../phrases.ts';
import { isRefusal } from '../refusal.ts';
import type { RunEnd } from './handler-run.ts';

/** `unfinished` messages are handed to the bot again: in a minute, at the next connection, after the next start. */
export type RunResult = 'done' | 'unfinished';

/** What the bot does after a handler ended. */
export type Verdict =
  | { readonly result: RunResult; readonly notice: undefined; readonly isFault: boolean }
  | { readonly result: 'done'; readonly notice: string; readonly isFault: boolean };

/**
 * What the person is told if a handler did not simply return, and whether the log reports a fault. If there was no
 * connection, or WhatsApp did not acknowledge what was sent, the message stays unfinished, because its sender has no
 * answer yet.
 */
export function decideVerdict(end: RunEnd): Verdict {
  switch (end.kind) {
    case 'returned':
      return { result: 'done', notice: undefined, isFault: false };
    case 'suspended':
      return { result: 'done', notice: undefined, isFault: false };
    case 'changed':
      return {
        result: 'done',
        notice: phrases.changed,
        isFault: true,
      };
    case 'stopping':
      return { result: 'unfinished', notice: undefined, isFault: false };
    case 'too-late':
      return { result: 'done', notice: phrases.tookTooLong, isFault: true };
    case 'threw':
      if (isRefusal(end.error)) return { result: 'done', notice: end.error.message, isFault: false };
      if (isTemporary(end.error)) {
        const isFault = !isAppError(end.error, 'NOT_CONNECTED');
        return { result: 'unfinished', notice: undefined, isFault };
      }
      // WhatsApp would refuse the notice in the same chat too.
      if (isAppError(end.error, 'SEND_REFUSED') && end.error.whatsappCode !== undefined)
        return { result: 'done', notice: undefined, isFault: true };
      return { result: 'done', notice: phrases.failed, isFault: true };
  }
}
