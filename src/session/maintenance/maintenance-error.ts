import { AppError, isAppError, messageOf, systemCode } from '../../core/errors.ts';
import { isUnfitFile } from '../folder/read-file.ts';
import { oneLine } from './format-report.ts';

const FULL = new Set(['ENOSPC', 'EDQUOT']);
const FORBIDDEN = new Set(['EACCES', 'EPERM']);

/** Why a maintenance command failed, for the person who ran it. `action` follows "Could not". */
export function maintenanceError(action: string, error: unknown): AppError {
  if (isAppError(error) && (error.code !== 'STORAGE_FAILED' || systemCode(error.cause) === undefined))
    return error;
  const cause = isAppError(error) ? error.cause : error;
  const code = systemCode(cause) ?? '';
  const where = cause instanceof Error && 'path' in cause ? ` at ${oneLine(String(cause.path))}` : '';
  const what = `Could not ${action} (${code || messageOf(cause)}${where}).`;
  const tell = (errorCode: 'STORAGE_FAILED' | 'SESSION_UNUSABLE', mend: string): AppError =>
    new AppError(errorCode, `${what} ${mend}`, { cause });
  if (isUnfitFile(cause) && cause instanceof Error) {
    const path = 'path' in cause ? oneLine(String(cause.path)) : 'a file';
    const message = `Could not ${action}: ${path} is no file of a session (${cause.message}). Remove it.`;
    return new AppError('SESSION_UNUSABLE', message, { cause });
  }
  if (FULL.has(code))
    return tell('STORAGE_FAILED', 'The disk is full: make room, or name a folder on another one.');
  if (FORBIDDEN.has(code)) return tell('SESSION_UNUSABLE', asWhom());
  return tell('STORAGE_FAILED', 'Check that disk, or name another folder.');
}

function asWhom(): string {
  return `This process runs as uid ${process.getuid?.() ?? 0}: run it as the user of the bot, and name folders that this user may use.`;
}
