import { realpathSync } from 'node:fs';
import { AppError, messageOf, shellWord, systemCode } from '../../core/errors.ts';
import type { FileSystem } from './file-system.ts';

/** Why a session folder cannot be used, and what the person can do: run a command, or something else. */
export interface FolderProblem {
  readonly what: string;
  readonly mend: { readonly run: string } | { readonly todo: string };
}

const anotherPath = { todo: 'set another SESSION_PATH' };

/** What a failed attempt to make, enter or write a session folder means, a full disk aside. */
export function folderProblem(fs: FileSystem, path: string, error: unknown): FolderProblem {
  const code = systemCode(error) ?? '';
  switch (code) {
    case 'EEXIST':
    case 'ELOOP':
      return {
        what: `SESSION_PATH ${path} is a link that leads nowhere, or lies behind one`,
        mend: { todo: 'make the folder it points to, or set another SESSION_PATH' },
      };
    case 'ENOTDIR':
      return {
        what: `SESSION_PATH ${path} is not a folder, or lies under a file`,
        mend: { todo: 'remove that file, or set another SESSION_PATH' },
      };
    case 'EROFS':
      return {
        what: `The session folder ${path} is on a file system that is mounted read-only`,
        mend: { todo: 'mount it writable, or set another SESSION_PATH' },
      };
    case 'ENAMETOOLONG':
      return { what: `SESSION_PATH ${path} is longer than names can be there`, mend: anotherPath };
    case 'ENOENT':
      return {
        what: `The session folder ${path} cannot be made: nothing can be made there`,
        mend: anotherPath,
      };
    default:
      return refused(fs, path, code || messageOf(error));
  }
}

/** Missing rights: on the folder itself, or on the one that it is to be made in. */
function refused(fs: FileSystem, path: string, why: string): FolderProblem {
  const uid = process.getuid?.() ?? 0;
  const owners = `${uid}:${process.getgid?.() ?? 0}`;
  const what = `The session folder ${path} cannot be written (${why}): this process runs as uid ${uid}`;
  try {
    const real = realPath(path);
    const owner = fs.statSync(real).uid;
    if (owner !== uid) {
      const run = `sudo chown -R ${owners} ${shellWord(real)}`;
      return { what: `${what}, the folder belongs to uid ${owner}`, mend: { run } };
    }
    if (uid === 0) return { what, mend: anotherPath };
    return { what: `${what}, whose own folder it is`, mend: { run: `chmod u+rwx ${shellWord(real)}` } };
  } catch (error) {
    if (uid === 0) return { what: `${what}, and it cannot be made`, mend: anotherPath };
    if (systemCode(error) === 'EACCES')
      return { what: `${what}, which may not enter a folder on the way there`, mend: anotherPath };
    const run = `sudo install -d -m 0700 -o ${owners.replace(':', ' -g ')} ${shellWord(path)}`;
    return { what: `${what}, and it cannot be made`, mend: { run } };
  }
}

/** `chown -R` of a link does not change the folder behind it. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

export function unusableFolder({ what, mend }: FolderProblem, cause: unknown): AppError {
  const advice =
    'run' in mend ? `Run: ${mend.run}` : `${mend.todo.charAt(0).toUpperCase()}${mend.todo.slice(1)}.`;
  return new AppError('SESSION_UNUSABLE', `${what}. ${advice}`, { cause });
}
