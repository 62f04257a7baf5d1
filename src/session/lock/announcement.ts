import { cutText, plainText } from '../../core/plain-text.ts';
import { timeOf } from '../identity/logout-note.ts';

const LONGEST_HOST = 255;

/** Who owns a session folder. */
export interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly sinceMs: number;
  /** It is alive and does not answer: it is stopped (SIGSTOP), or hangs. */
  readonly isSilent?: boolean;
}

/** What a process answers on its socket. */
export interface Announcement extends Owner {
  readonly ticket: string;
  readonly isOwner: boolean;
}

/** The ticket says whose note it is. */
export interface OwnerNote extends Owner {
  readonly ticket?: string;
}

/** Undefined if the text has another shape: anything may be in a file or come from a socket. */
export function parseAnnouncement(text: string): Announcement | undefined {
  const parsed = parseNote(text);
  if (parsed?.ticket === undefined) return undefined;
  return { ...parsed, ticket: parsed.ticket, isOwner: parsed.isOwner === true };
}

/** Undefined if the text has another shape. */
export function parseNote(text: string): (OwnerNote & { readonly isOwner?: boolean }) | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, host, sinceMs, ticket, isOwner } = value as Record<string, unknown>;
  if (!Number.isSafeInteger(pid) || typeof host !== 'string') return undefined;
  return {
    pid: Math.max(0, Number(pid)),
    host: cutText(plainText(host).replace(/\s+/g, ' '), LONGEST_HOST),
    sinceMs: timeOf(sinceMs),
    ...(typeof ticket === 'string' && { ticket }),
    ...(isOwner === true && { isOwner }),
  };
}
