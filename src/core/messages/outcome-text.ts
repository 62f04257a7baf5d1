import type { MessageOutcome, MessageRecord } from './message-records.ts';

const OUTCOME_WORDS: Readonly<Record<MessageOutcome, string>> = {
  ran: 'ran',
  failed: 'failed',
  'put-off': 'is tried again',
  'no-command': 'no command',
  'unknown-command': 'unknown command',
  'too-old': 'too old',
  'not-allowed': 'not allowed',
  cooldown: 'had to wait',
  loop: 'muted: seems to be another bot',
  ignored: 'ignored',
  undecryptable: 'could not be decrypted',
  'set-aside': 'set aside, because it crashed the bot',
  dropped: 'dropped at a limit',
};

/** What became of a message, for people: `ran ping`, `not allowed: owners-only`. */
export function outcomeText({ outcome, detail }: Pick<MessageRecord, 'outcome' | 'detail'>): string {
  const isRun = outcome === 'ran' || outcome === 'failed';
  const why = detail === undefined || detail === outcome ? '' : `${isRun ? '' : ':'} ${detail}`;
  return OUTCOME_WORDS[outcome] + why;
}
