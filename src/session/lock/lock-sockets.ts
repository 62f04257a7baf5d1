import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
} from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCode } from '../../core/errors.ts';
import { NAMES } from '../folder/file-names.ts';
import { FOLDER_MODE } from '../folder/file-system.ts';

/** What asking a socket led to: no process listens, one listens and does not answer, or it answered a text. */
export type Answer =
  | { readonly kind: 'dead' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'said'; readonly text: string };

/** Where the sockets of a folder are, under paths short enough for a socket address (104 to 108 bytes). */
export interface SocketFolder {
  pathOf(name: string): string;
  /** The names of the sockets that exist. */
  names(): string[];
  /** Sockets of processes that ended before their socket had its name. */
  unnamed(): string[];
  /** Whether the folder at this path is still the one with this socket. */
  isThere(name: string): boolean;
  /** Makes the folder of the sockets. It stays, empty, when the last one has gone. */
  prepare(): void;
  close(): void;
}

const PREFIX = 'owner-';
const SUFFIX = '.sock';
const HIDDEN_SUFFIX = '.new';
const LONGEST_PATH_BYTES = 100;
const NAME_BYTES = NAMES.lock.length + PREFIX.length + 36 + SUFFIX.length + 3;

export const socketName = (ticket: string): string => `${PREFIX}${ticket}${SUFFIX}`;

/** A living process names its socket within milliseconds; an older unnamed one has no process. */
const UNNAMED_FOR_MS = 60_000;

/** The sockets in a folder whose names begin with `prefix`, which is returned as `owner-`; none without a folder. */
function lister(
  folder: string,
  prefix: string,
  isTrusted: (path: string) => boolean = () => true,
): Pick<SocketFolder, 'names' | 'unnamed'> {
  const list = (suffix: string): string[] => {
    try {
      return readdirSync(folder)
        .filter((name) => name.startsWith(prefix) && name.endsWith(suffix))
        .filter((name) => isTrusted(join(folder, name)))
        .map((name) => PREFIX + name.slice(prefix.length));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    }
  };
  const isOld = (name: string): boolean => {
    const stats = statSync(join(folder, prefix + name.slice(PREFIX.length)), { throwIfNoEntry: false });
    return stats !== undefined && Date.now() - stats.mtimeMs > UNNAMED_FOR_MS;
  };
  return { names: () => list(SUFFIX), unnamed: () => list(HIDDEN_SUFFIX).filter(isOld) };
}

export function socketsInFolder(folder: string): SocketFolder {
  if (process.platform === 'win32') return pipesFor(folder);
  const own = join(folder, NAMES.lock);
  const listed = lister(own, PREFIX);
  const prepare = (): void => void mkdirSync(own, { recursive: true, mode: FOLDER_MODE });
  const isThere = (name: string): boolean => existsSync(join(own, name));
  if (Buffer.byteLength(folder) + NAME_BYTES <= LONGEST_PATH_BYTES) {
    return { ...listed, isThere, pathOf: (name) => join(own, name), prepare, close: () => {} };
  }
  if (process.platform !== 'linux') return socketsInTemporaryFolder(folder);
  const fd = openSync(folder, 'r');
  const pathOf = (name: string): string => `/proc/self/fd/${fd}/${NAMES.lock}/${name}`;
  return { ...listed, isThere, pathOf, prepare, close: () => closeSync(fd) };
}

/** For a folder whose file system has no sockets (some container volumes). Guards within one container only. */
export function socketsInTemporaryFolder(folder: string): SocketFolder {
  const { dev, ino, uid } = statSync(folder);
  const prefix = `perennial-${dev}-${ino}-`;
  return {
    ...lister(tmpdir(), prefix, (path) => belongsTo(path, uid)),
    pathOf: (name) => join(tmpdir(), name.replace(PREFIX, prefix)),
    isThere: () => {
      const now = statSync(folder, { throwIfNoEntry: false });
      return now?.dev === dev && now.ino === ino;
    },
    prepare: () => {},
    close: () => {},
  };
}

/**
 * The temporary folder is open to all users, so anybody may make a socket there with a name like ours. Only those of
 * the folder's owner, of this user and of root count.
 */
function belongsTo(path: string, folderUid: number): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isSocket() === true && [folderUid, process.getuid?.() ?? folderUid, 0].includes(stats.uid);
}

/** Windows has named pipes, which also end with their process; one fixed name is the lock. */
function pipesFor(folder: string): SocketFolder {
  const digest = createHash('sha256').update(folder.toLowerCase()).digest('hex').slice(0, 32);
  return {
    names: () => [PREFIX],
    unnamed: () => [],
    isThere: () => existsSync(folder),
    pathOf: () => `\\\\.\\pipe\\perennial-${digest}`,
    prepare: () => {},
    close: () => {},
  };
}

/** A server that sends the result of `say()` to everyone who connects. */
export function answeringServer(say: () => string): Server {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(say());
    // Not `end`: a suspended process that asked never closes its end, and `close` would wait for it.
    socket.destroySoon();
  });
  return server.unref();
}

/** Listens under a hidden name, and only then gives the socket the name that others look for. */
export async function listenAs(server: Server, sockets: SocketFolder, name: string): Promise<void> {
  const visible = sockets.pathOf(name);
  const hidden = process.platform === 'win32' ? visible : sockets.pathOf(name.replace(SUFFIX, HIDDEN_SUFFIX));
  sockets.prepare();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(hidden, resolve);
  });
  if (hidden !== visible) renameSync(hidden, visible);
}

/**
 * Asks the process that listens at `path`. A stopped process accepts connections and sends nothing. A process that
 * ends meanwhile closes the connection, and is asked again.
 */
export async function ask(path: string, withinMs: number): Promise<Answer> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await askOnce(path, Math.max(1, deadline - performance.now()));
    if (answer !== 'hung up') return answer;
    if (performance.now() >= deadline) return { kind: 'silent' };
    await sleep(ASK_AGAIN_MS);
  }
}

function askOnce(path: string, withinMs: number): Promise<Answer | 'hung up'> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(path);
    const timer = setTimeout(() => settle({ kind: 'silent' }), withinMs);
    const settle = (answer: Answer | 'hung up'): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > LONGEST_ANSWER) settle({ kind: 'silent' });
    });
    socket.on('end', () => settle(text === '' ? 'hung up' : { kind: 'said', text }));
    socket.on('error', (error) => {
      const code = systemCode(error) ?? '';
      if (DEAD.has(code)) settle({ kind: 'dead' });
      else settle(HUNG_UP.has(code) ? 'hung up' : { kind: 'silent' });
    });
  });
}

const LONGEST_ANSWER = 4096;
const DEAD = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTSOCK']);
const HUNG_UP = new Set(['ECONNRESET', 'EPIPE', 'ENOTCONN']);
const ASK_AGAIN_MS = 20;
