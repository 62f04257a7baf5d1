import { UNSCANNED_AFTER_MS } from '../../core/warning-thresholds.ts';
import { formatUptime } from './format-numbers.ts';
import type { StatusSnapshot } from './status-source.ts';
import { toView } from './status-view.ts';

export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

/** Whether the bot can answer people now; if not, the sentence that the page shows. */
export function readinessOf(snapshot: StatusSnapshot): Readiness {
  if (snapshot.situation.kind === 'open' && !snapshot.deafness) return { ready: true };
  if (isUnscanned(snapshot)) return { ready: false, reason: unscannedSentence(snapshot) };
  const { title, sentence, command } = toView(snapshot).headline;
  return { ready: false, reason: [`${title}. ${sentence}`, command].filter(Boolean).join(' ') };
}

/** Whether the bot has waited longer for a link than a person who watches it would let it wait. */
function isUnscanned({ nowMs, unlinkedSinceMs, situation }: StatusSnapshot): boolean {
  return (
    situation.kind !== 'stopped' &&
    unlinkedSinceMs !== undefined &&
    nowMs - unlinkedSinceMs >= UNSCANNED_AFTER_MS
  );
}

const unscannedSentence = ({ nowMs, unlinkedSinceMs = nowMs }: StatusSnapshot): string =>
  `The bot waits for a scan: it has shown codes for ${formatUptime(nowMs - unlinkedSinceMs)}, and no account was linked. ` +
  'The code is on the status page, in the log and in qr-code.png in the session folder.';
