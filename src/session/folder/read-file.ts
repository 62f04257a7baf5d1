import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { basename } from 'node:path';
import { systemCode } from '../../core/errors.ts';

const MIB = 1024 * 1024;
/** Above this size a file must hold data on disk. A smaller one without data needs little memory, so it is accepted. */
const SPARSE_CHECK_BYTES = 4 * MIB;
/** How many times less than the size of a file a file system that compresses may store. */
const BEST_COMPRESSION = 16;

/** How large a file of a session may be, by its name. A journal is checkpointed at 8 MiB, a key has a few KiB. */
function largestFileBytes(name: string): number {
  if (/^creds(\.backup)?\.json(\.damaged)?$/.test(name) || name === 'logged-out.json') return MIB;
  if (/^journal-\d+\.log/.test(name)) return 1024 * MIB;
  // Versions before 0.2 kept a whole table in one file.
  return name.startsWith('table-') ? 768 * MIB : name === 'restoring.json' ? 64 * MIB : 32 * MIB;
}

export interface ReadFileOptions {
  /** Default: what a file of this name may have. */
  readonly maxBytes?: number;
  /** Default true. Without it, a link in the place of the file is refused (`ELOOP`). */
  readonly followsLinks?: boolean;
}

/**
 * Reads a regular file, at most `maxBytes` of it. Never waits and never reads without end: a FIFO, a device, a socket
 * and a folder are refused with `ENOTREG`, a file that is too large with `EFBIG`, a file that is all holes with
 * `ESPARSE`. Other errors are the system's.
 */
export function readRegularFile(path: string, options: ReadFileOptions = {}): Buffer {
  const { maxBytes = largestFileBytes(basename(path)), followsLinks = true } = options;
  const { O_RDONLY, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants;
  // Without O_NONBLOCK, opening a FIFO waits until somebody writes to it.
  const fd = openSync(path, O_RDONLY | O_NONBLOCK | (followsLinks ? 0 : O_NOFOLLOW));
  try {
    const stats = fstatSync(fd);
    refuseUnfit(path, stats, maxBytes);
    return readAll(fd, stats.size, maxBytes, path);
  } finally {
    closeSync(fd);
  }
}

/**
 * Throws if a file cannot be one of a session: it is not regular (`ENOTREG`), too large (`EFBIG`), or a size without
 * data (`ESPARSE`).
 */
export function refuseUnfit(path: string, stats: Stats, maxBytes = largestFileBytes(basename(path))): void {
  if (stats.isFile?.() === false) throw unfitFile('ENOTREG', 'this is not a regular file', path);
  if (stats.size > maxBytes) throw tooLarge(path, maxBytes);
  if (isSparse(stats)) throw unfitFile('ESPARSE', 'the file has a size without data', path);
}

const isSparse = ({ size, blocks }: Stats): boolean =>
  size > SPARSE_CHECK_BYTES && blocks * 512 * BEST_COMPRESSION < size;

/** A file may grow while it is read; the limit counts what was read. */
function readAll(fd: number, sizeBytes: number, maxBytes: number, path: string): Buffer {
  let content = Buffer.allocUnsafe(sizeBytes + 1);
  let length = 0;
  for (;;) {
    const count = readSync(fd, content, length, content.length - length, length);
    length += count;
    if (count === 0) return content.subarray(0, length);
    if (length > maxBytes) throw tooLarge(path, maxBytes);
    if (length === content.length) content = Buffer.concat([content, Buffer.allocUnsafe(64 * 1024)]);
  }
}

const tooLarge = (path: string, maxBytes: number): Error =>
  unfitFile('EFBIG', `the file is larger than ${maxBytes / MIB} MiB`, path);

const unfitFile = (code: string, message: string, path: string): Error =>
  Object.assign(new Error(message), { code, path });

/** Whether `readRegularFile` threw this error because the path has no file of a session. */
export function isUnfitFile(error: unknown): boolean {
  return ['ENOTREG', 'EFBIG', 'ESPARSE'].includes(systemCode(error) ?? '');
}
