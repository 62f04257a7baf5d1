/** How many sends in a row a connection may leave unacknowledged. */
const MOST_SILENT = 3;

/** How a send ended on a connection: WhatsApp answered with yes or no, did not answer in time, or we ended it. */
export type SendEnd = 'answered' | 'unanswered' | 'given-up';

/** The number of sends in a row without an answer of WhatsApp, after one more. */
export function countSilent(silent: number, end: SendEnd): number {
  if (end === 'answered') return 0;
  return end === 'unanswered' ? silent + 1 : silent;
}

/** A connection that answers pings may not acknowledge sends: then another connection is needed. */
export const isMute = (silent: number): boolean => silent >= MOST_SILENT;
