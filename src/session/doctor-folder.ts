import { accessSync, constants, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf, systemCode } from '../errors.ts';
import type { Check } from './doctor.ts';
import { statIfThere } from './inspect.ts';
import type { SessionStatus } from './status.ts';
import { formatBytes, formatTime } from './words.ts';

const LEAST_BYTES = 20 * 1024 * 1024;
const FEW_BYTES = 200 * 1024 * 1024;
const FEW_FILES = 2_000;

/** Whether the folder can be used, and is nobody else's to read. */
export function checkFolder(path: string): Check {
  const name = 'Folder';
  const folder = resolve(path);
  const stats = statIfThere(folder);
  if (!stats) {
    const parent = nearestThere(folder);
    const isWritable = canUse(parent) === undefined;
    return isWritable
      ? { name, state: 'ok', text: `${folder} is not there yet; the bot makes it` }
      : {
          name,
          state: 'problem',
          text: `${folder} is not there and cannot be made`,
          mend: `make ${parent} writable`,
        };
  }
  if (!stats.isDirectory()) {
    return {
      name,
      state: 'problem',
      text: `${folder} is no folder`,
      mend: 'remove it, or set another SESSION_PATH',
    };
  }
  const refusal = canUse(folder);
  if (refusal) {
    const uid = process.getuid?.() ?? 0;
    const text = `${folder} cannot be written by uid ${uid} (${refusal}); it belongs to uid ${stats.uid}`;
    return {
      name,
      state: 'problem',
      text,
      mend: `sudo chown -R ${uid}:${process.getgid?.() ?? 0} ${folder}`,
    };
  }
  if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) {
    const text = `${folder} can be read by others`;
    return { name, state: 'warning', text, mend: `chmod 700 ${folder} (the bot does it when it starts)` };
  }
  return { name, state: 'ok', text: `${folder} is there, private and writable` };
}

function nearestThere(folder: string): string {
  const parent = dirname(folder);
  return statIfThere(parent) || parent === folder ? parent : nearestThere(parent);
}

function canUse(folder: string): string | undefined {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return systemCode(error) ?? messageOf(error);
  }
}

export function checkSpace(path: string): Check {
  const name = 'Free space';
  const folder = resolve(path);
  const { bavail, bsize, ffree, files } = statfsSync(statIfThere(folder) ? folder : nearestThere(folder));
  const bytes = bavail * bsize;
  const text = `${formatBytes(bytes)} free`;
  const mend = 'make room on that disk';
  if (bytes < LEAST_BYTES) return { name, state: 'problem', text, mend };
  if (bytes < FEW_BYTES) return { name, state: 'warning', text, mend };
  if (files > 0 && ffree < FEW_FILES) {
    return {
      name,
      state: 'warning',
      text: `${text}, but only for ${ffree} more files`,
      mend: 'remove files',
    };
  }
  return { name, state: 'ok', text };
}

export function checkLock({ owner }: SessionStatus): Check {
  const name = 'Lock';
  if (!owner) return { name, state: 'ok', text: 'no bot is running on this session' };
  const text = `process ${owner.pid} on ${owner.host} runs on it since ${formatTime(owner.sinceMs)}`;
  return { name, state: 'ok', text };
}

export function checkCredentials(status: SessionStatus): Check {
  const name = 'Credentials';
  const anew = `rm -rf ${status.path}, start the bot and scan`;
  if (status.loggedOut) {
    return {
      name,
      state: 'problem',
      text: `logged out since ${formatTime(status.loggedOut.atMs)}`,
      mend: anew,
    };
  }
  if (status.isLinked) {
    const text = `linked to ${status.account}`;
    return status.problem
      ? { name, state: 'warning', text: `${text}; ${status.problem}` }
      : { name, state: 'ok', text };
  }
  if (status.problem) return { name, state: 'problem', text: status.problem };
  const text = status.isHalfPaired ? 'a pairing was begun and never completed' : 'not linked yet';
  return { name, state: 'warning', text, mend: 'start the bot and scan the QR code' };
}

export function checkDamage({ files, owner, journal }: SessionStatus): Check {
  const name = 'Files';
  const damaged = files.find(({ type }) => type === 'damaged')?.files ?? 0;
  const total = files.reduce((sum, { files }) => sum + files, 0);
  if (damaged > 0) {
    return {
      name,
      state: 'warning',
      text: `${damaged} of ${total} were damaged and set aside (*.damaged)`,
      mend: 'check the disk; the bot runs on without them',
    };
  }
  const rest =
    journal.bytes > 0 && !owner ? '; the last run was killed, the next start reads its journal' : '';
  return { name, state: 'ok', text: `${total}, none set aside as damaged${rest}` };
}
