import { assertNever, shellWord } from '../../core/errors.ts';
import { formatBytes } from '../../core/format-bytes.ts';
import { DAY_MS } from '../../core/limits/limit-units.ts';
import type { MessageRecord } from '../../core/messages/message-records.ts';
import { outcomeText } from '../../core/messages/outcome-text.ts';
import { commandText } from '../../core/plain-text.ts';
import {
  PHONE_MISSED_AFTER_MS,
  PHONE_UNLINKED_AFTER_MS,
  REFUSED_LOGINS_TO_TELL,
} from '../../core/warning-thresholds.ts';
import { formatCount, formatUptime, sumOf } from './format-numbers.ts';
import { drawQr, type QrPath } from './qr-svg.ts';
import type { StatusSnapshot } from './status-source.ts';

/** What the page shows, as sentences. The script in the browser only places them and counts the time. */
export interface View {
  readonly headline: Headline;
  /** Whether the bot has stopped, so that the page expects no more events. */
  readonly isOver: boolean;
  readonly pairing: PairingView | undefined;
  /** Sentences about what a person should do something about. */
  readonly warnings: readonly string[];
  readonly sections: ReadonlyArray<{ readonly title: string; readonly facts: readonly Fact[] }>;
  /** The last messages, the newest first. */
  readonly messages: readonly MessageLine[];
}

export interface Headline {
  /** Chooses the sign and the color. The words say the same as the color. */
  readonly tone: 'good' | 'busy' | 'ask' | 'wait' | 'bad';
  readonly title: string;
  readonly sentence: string;
  /** A command for the person to run, if there is one. */
  readonly command: string | undefined;
  readonly sinceMs: number;
  /** What happens next, and when. */
  readonly next: { readonly what: string; readonly atMs: number } | undefined;
}

export type PairingView = {
  readonly expiresAtMs: number | undefined;
  /** Why there is no pairing code, or what else to try. */
  readonly hint: string | undefined;
} & ({ readonly kind: 'qr'; readonly qr: QrPath } | { readonly kind: 'code'; readonly code: string });

/** What became of one message. */
export interface MessageLine {
  readonly atMs: number;
  readonly from: string;
  readonly outcome: string;
}

export interface Fact {
  readonly label: string;
  readonly text: string;
  /** Shown after the text, as the time that has passed. */
  readonly atMs?: number;
}

export function toView(snapshot: StatusSnapshot): View {
  return {
    headline: { ...headlineOf(snapshot), sinceMs: snapshot.sinceMs },
    isOver: snapshot.situation.kind === 'stopped',
    pairing: pairingOf(snapshot),
    warnings: warningsOf(snapshot),
    sections: [
      { title: 'Connection', facts: connectionFacts(snapshot) },
      { title: 'Messages', facts: messageFacts(snapshot) },
      { title: 'Program', facts: programFacts(snapshot) },
    ],
    messages: (snapshot.lastMessages ?? []).map(messageLine),
  };
}

function headlineOf(snapshot: StatusSnapshot): Omit<Headline, 'sinceMs'> {
  const { situation, lastClose, sessionPath } = snapshot;
  const plain = { command: undefined, next: undefined };
  switch (situation.kind) {
    case 'starting':
      return { ...plain, tone: 'busy', title: 'Starting', sentence: 'The bot is getting ready.' };
    case 'connecting':
      return { ...plain, tone: 'busy', title: 'Connecting', sentence: 'The bot connects to WhatsApp.' };
    case 'pairing':
      return situation.code === undefined
        ? { ...plain, tone: 'ask', title: 'Link this bot', sentence: 'Scan the code with your phone.' }
        : { ...plain, tone: 'ask', title: 'Link this bot', sentence: 'Enter the code on your phone.' };
    case 'open':
      if (snapshot.deafness !== undefined) {
        const sentence = DEAF_SENTENCES[snapshot.deafness];
        return { ...plain, tone: 'bad', title: 'Connected, but not working', sentence };
      }
      return { ...plain, tone: 'good', title: 'Connected', sentence: openSentence(snapshot) };
    case 'waiting':
      return {
        ...plain,
        tone: 'wait',
        title: 'Reconnecting',
        sentence: lastClose?.sentence ?? 'The connection was lost.',
        next: { what: 'Next try', atMs: situation.untilMs },
      };
    case 'stopped':
      return { next: undefined, ...stoppedHeadline(situation.why, sessionPath) };
    default:
      return assertNever(situation);
  }
}

const DEAF_SENTENCES = {
  'nothing-decrypted': 'Messages arrive and none is decrypted. The bot opens another connection.',
  'nothing-answered': 'Messages arrive and none is answered. The bot opens another connection.',
} as const;

/** Before the first answer it says what to try. */
function openSentence({ answered, commandPrefix }: StatusSnapshot): string {
  if (answered > 0) return 'The bot is online and answers.';
  const help = commandText(commandPrefix, 'help');
  return `The bot is online. Send it ${help} from any phone to try it.`;
}

function stoppedHeadline(
  why: 'asked' | 'logged-out' | 'replaced',
  sessionPath: string,
): Pick<Headline, 'tone' | 'title' | 'sentence' | 'command'> {
  switch (why) {
    case 'asked':
      return { tone: 'wait', title: 'Stopped', sentence: 'The bot was asked to stop.', command: undefined };
    case 'logged-out': {
      const sentence =
        'This device was removed from the account. To link it again, run this, start the bot and scan the new code:';
      return { tone: 'bad', title: 'Logged out', sentence, command: `rm -rf ${shellWord(sessionPath)}` };
    }
    case 'replaced': {
      const sentence =
        'Another client keeps opening this session, so the bot has stopped. Stop the other client, or link this bot with another SESSION_PATH.';
      return { tone: 'bad', title: 'Taken over', sentence, command: undefined };
    }
    default:
      return assertNever(why);
  }
}

function pairingOf({ situation }: StatusSnapshot): PairingView | undefined {
  if (situation.kind !== 'pairing') return undefined;
  const { qr, code, expiresAtMs, hint } = situation;
  const both = { expiresAtMs, hint };
  if (code !== undefined) return { kind: 'code', code: code.replace(/^(.{4})-?(.{4})$/, '$1-$2'), ...both };
  return qr === undefined ? undefined : { kind: 'qr', qr: drawQr(qr), ...both };
}

function warningsOf(snapshot: StatusSnapshot): string[] {
  const { nowMs, phoneSeenAtMs, refusedLogins, sessionPath, situation } = snapshot;
  const warnings: string[] = [];
  // After a stop only its reason matters.
  if (situation.kind === 'stopped') return warnings;
  if (phoneSeenAtMs !== undefined && nowMs - phoneSeenAtMs > PHONE_MISSED_AFTER_MS) {
    const days = Math.floor((nowMs - phoneSeenAtMs) / DAY_MS);
    warnings.push(
      `The phone has not been seen for ${days} days. WhatsApp unlinks devices after ${PHONE_UNLINKED_AFTER_MS / DAY_MS}: switch the phone on, with internet.`,
    );
  }
  if (refusedLogins >= REFUSED_LOGINS_TO_TELL) {
    warnings.push(
      `WhatsApp refused this session ${refusedLogins} times in a row, so it is probably gone. To link again: stop the bot, run rm -rf ${shellWord(sessionPath)}, start it again.`,
    );
  }
  return warnings;
}

function connectionFacts(snapshot: StatusSnapshot): Fact[] {
  const { account, lastClose, reconnects, phoneSeenAtMs } = snapshot;
  const who = [account?.name, account?.number].filter((part) => part !== undefined && part !== '');
  const { 'restart-required': afterPairing = 0 } = reconnects;
  const facts: Fact[] = [
    { label: 'Linked to', text: account === undefined ? 'nobody yet' : who.join(', ') },
    { label: 'Reconnects', text: formatCount(sumOf(reconnects) - afterPairing) },
    lastClose === undefined
      ? { label: 'Last close', text: 'none' }
      : { label: 'Last close', text: lastClose.sentence, atMs: lastClose.atMs },
  ];
  if (phoneSeenAtMs !== undefined) facts.push({ label: 'Phone seen', text: '', atMs: phoneSeenAtMs });
  return facts;
}

function messageFacts(snapshot: StatusSnapshot): Fact[] {
  const { received, answered, failed, ignored, sent, queued, reminders, setAside, lastSentAtMs } = snapshot;
  const facts: Fact[] = [
    { label: 'Received', text: formatCount(received) },
    { label: 'Commands answered', text: formatCount(answered) },
    { label: 'Commands failed', text: formatCount(failed) },
    { label: 'Ignored', text: formatCount(sumOf(ignored)) },
    { label: 'Sent', text: formatCount(sent) },
    lastSentAtMs === undefined
      ? { label: 'Last sent', text: 'none yet' }
      : { label: 'Last sent', text: '', atMs: lastSentAtMs },
    { label: 'Waiting to be sent', text: formatCount(queued) },
  ];
  if (setAside) facts.push({ label: 'Set aside', text: formatCount(setAside) });
  if (reminders > 0) facts.push({ label: 'Reminders kept', text: formatCount(reminders) });
  return facts;
}

function messageLine(record: MessageRecord): MessageLine {
  const { atMs, chatKind, sender, outcome, tookMs } = record;
  const took = outcome === 'ran' || outcome === 'failed' ? ` (${formatCount(tookMs)} ms)` : '';
  return { atMs, from: `${sender}, ${chatKind}`, outcome: outcomeText(record) + took };
}

function programFacts({ nowMs, startedAtMs, memoryBytes, journalBytes, version }: StatusSnapshot): Fact[] {
  return [
    { label: 'Running', text: formatUptime(nowMs - startedAtMs) },
    { label: 'Memory', text: formatBytes(memoryBytes) },
    { label: 'Journal', text: formatBytes(journalBytes) },
    { label: 'Version', text: version },
  ];
}
