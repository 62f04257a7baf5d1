/** How many sends in a row a connection may leave unacknowledged. */
const MOST_SILENT = 3;

/** How a send ended on a connection: with WhatsApp's word, yes or no; with none in time; or cut short by us. */
export type SendEnd = 'answered' | 'unanswered' | 'given-up';

/** The number of sends in a row without WhatsApp's word, after one more. */
export function countSilent(silent: number, end: SendEnd): number {
  if (end === 'answered') return 0;
  return end === 'unanswered' ? silent + 1 : silent;
}

/** A connection that answers pings may be mute all the same: then another one is needed. */
export const isMute = (silent: number): boolean => silent >= MOST_SILENT;
