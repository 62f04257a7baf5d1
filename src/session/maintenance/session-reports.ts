import { shellWord } from '../../core/errors.ts';
import { formatBytes } from '../../core/format-bytes.ts';
import { timeOf } from '../identity/logout-note.ts';
import type { RowCheck } from '../values/all-tables.ts';
import { type Backup, backupSession, type CopyOptions } from './backup.ts';
import { count, formatTime, oneLine } from './format-report.ts';
import { type Restored, restoreSession } from './restore.ts';
import { type SessionStatus, sessionStatus } from './session-status.ts';

/** What a maintenance command found or did: for machines, and as lines for people. Neither holds a secret. */
export interface SessionReport {
  readonly facts: object;
  readonly lines: readonly string[];
}

export async function reportStatus(path: string): Promise<SessionReport> {
  const status = await sessionStatus(path);
  return { facts: withTimes(status), lines: statusLines(status) };
}

/** Throws `BAD_ARGUMENTS`, `SESSION_UNUSABLE`, `STORAGE_FAILED`. */
export async function reportBackup(path: string, to: string, options: CopyOptions): Promise<SessionReport> {
  const backup = await backupSession(path, to, options);
  return { facts: backup, lines: backupLines(backup) };
}

/** Throws `BAD_ARGUMENTS`, `SESSION_LOCKED`, `STORAGE_FAILED`. */
export async function reportRestore(
  path: string,
  from: string,
  options: CopyOptions & { readonly isRow?: RowCheck },
): Promise<SessionReport> {
  const restored = await restoreSession(path, from, options);
  return {
    facts: { ...restored, before: restored.before ?? null, warning: OLD_RATCHETS },
    lines: restoreLines(restored),
  };
}

function statusLines(status: SessionStatus): string[] {
  const { path, journal, loggedOut } = status;
  if (!status.exists) return [`Session:  not there yet in ${path}. Start the bot and scan the QR code.`];
  const files = status.files.reduce((sum, one) => sum + one.files, 0);
  const bytes = status.files.reduce((sum, one) => sum + one.bytes, 0);
  const lines = [
    `Session:  ${path} (${count(files, 'file')}, ${formatBytes(bytes)})`,
    `Linked:   ${linkedWords(status)}`,
    `In use:   ${ownerWords(status)}`,
    `Journal:  ${count(journal.files, 'file')}, ${formatBytes(journal.bytes)}`,
  ];
  if (status.problem) lines.push(`Problem:  ${status.problem}`);
  if (loggedOut) {
    lines.push(
      `Logout:   ${formatTime(loggedOut.atMs)}. To link again: rm -rf ${shellWord(path)}, start the bot and scan.`,
    );
  }
  lines.push('Files:');
  for (const { type, files, bytes } of status.files) {
    lines.push(`  ${type.padEnd(24)}${String(files).padStart(7)}  ${formatBytes(bytes).padStart(10)}`);
  }
  return lines;
}

function ownerWords({ owner }: SessionStatus): string {
  if (!owner) return 'no';
  if (owner.isSilent && owner.pid === 0) return 'by a process that does not answer';
  const who = `by process ${owner.pid} on ${owner.host} since ${formatTime(owner.sinceMs)}`;
  return owner.isSilent ? `${who}, which does not answer` : who;
}

function linkedWords({ isLinked, account, linkedAtMs, isHalfPaired }: SessionStatus): string {
  if (!isLinked) return isHalfPaired ? 'no; a pairing was begun and not completed' : 'no';
  return `to ${account}${linkedAtMs === undefined ? '' : ` since ${formatTime(linkedAtMs)}`}`;
}

/** Times as people and other programs read them. */
function withTimes(status: SessionStatus): object {
  const { owner, loggedOut, linkedAtMs, account, problem, ...rest } = status;
  const iso = (atMs: number): string => new Date(timeOf(atMs)).toISOString();
  return {
    ...rest,
    account: account ?? null,
    problem: problem ?? null,
    linkedAt: linkedAtMs === undefined ? null : iso(linkedAtMs),
    owner: owner
      ? { pid: owner.pid, host: owner.host, since: iso(owner.sinceMs), answers: owner.isSilent !== true }
      : null,
    loggedOut: loggedOut ? { at: iso(loggedOut.atMs), reason: loggedOut.reason } : null,
  };
}

function backupLines({ folder, files, bytes, isLinked }: Backup): string[] {
  const lines = [`Backed up ${count(files, 'file')} (${formatBytes(bytes)}) to ${folder}.`];
  if (!isLinked) lines.push('This session is not linked: its QR code was not scanned.');
  lines.push('Anyone with this copy can read and write as this account: protect it like a password.');
  return lines;
}

/** What a restore of an old copy leads to. */
export const OLD_RATCHETS =
  'The keys are now as old as this copy: WhatsApp may have to send the first messages of each person again, and does so by itself. ' +
  'Never run two copies of one session.';

/** How many names of a backup are printed at most. */
const MOST_NAMED = 5;

function restoreLines(restored: Restored): string[] {
  const { folder, files, before, isLinked, damagedFiles, damagedRows, notFiles } = restored;
  const lines = [`Restored ${count(files, 'file')} to ${folder}.`];
  if (before !== undefined) lines.push(`The former session is in ${before}.`);
  if (!isLinked) lines.push('This session is not linked: the bot will show a QR code.');
  if (damagedRows > 0)
    lines.push(
      `${count(damagedRows, 'row')} of its tables cannot be used: the bot leaves them out and runs on.`,
    );
  if (damagedFiles > 0) {
    lines.push(`${count(damagedFiles, 'file')} cannot be read: the bot sets them aside and runs on.`);
  }
  if (notFiles.length > 0) {
    const named = notFiles.slice(0, MOST_NAMED).map((name) => oneLine(name));
    const more = notFiles.length > MOST_NAMED ? ', …' : '';
    lines.push(`Not restored, because these are not regular files: ${named.join(', ')}${more}.`);
  }
  lines.push(OLD_RATCHETS);
  return lines;
}
