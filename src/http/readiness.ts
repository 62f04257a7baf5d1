import type { StatusSnapshot } from './status-source.ts';
import { toView } from './status-view.ts';

export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

/** Whether the bot can answer people now; if not, the sentence that the page shows. */
export function readinessOf(snapshot: StatusSnapshot): Readiness {
  if (snapshot.situation.kind === 'open') return { ready: true };
  const { title, sentence, command } = toView(snapshot).headline;
  return { ready: false, reason: [`${title}. ${sentence}`, command].filter(Boolean).join(' ') };
}
