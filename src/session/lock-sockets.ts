import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, renameSync, statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemCode } from '../errors.ts';

/** What came back from the other end of a socket: nobody, somebody who says nothing, or a text. */
export type Answer =
  | { readonly kind: 'dead' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'said'; readonly text: string };

/** Where the sockets of a folder are, under paths short enough for a socket address (104 to 108 bytes). */
export interface SocketPlace {
  pathOf(name: string): string;
  names(): string[];
  close(): void;
}

const PREFIX = 'owner-';
const SUFFIX = '.sock';
const LONGEST_PATH_BYTES = 100;
const NAME_BYTES = PREFIX.length + 36 + SUFFIX.length + 2;

export const socketName = (ticket: string): string => `${PREFIX}${ticket}${SUFFIX}`;

const namesIn = (folder: string, prefix: string): string[] =>
  readdirSync(folder).filter((name) => name.startsWith(prefix) && name.endsWith(SUFFIX));

export function placeInFolder(folder: string): SocketPlace {
  if (process.platform === 'win32') return pipePlace(folder);
  const names = (): string[] => namesIn(folder, PREFIX);
  if (Buffer.byteLength(folder) + NAME_BYTES <= LONGEST_PATH_BYTES) {
    return { pathOf: (name) => join(folder, name), names, close: () => {} };
  }
  if (process.platform !== 'linux') return placeInTemporaryFolder(folder);
  const fd = openSync(folder, 'r');
  return { pathOf: (name) => `/proc/self/fd/${fd}/${name}`, names, close: () => closeSync(fd) };
}

/** For a folder whose file system has no sockets (some container volumes): as good within one container. */
export function placeInTemporaryFolder(folder: string): SocketPlace {
  const { dev, ino } = statSync(folder);
  const prefix = `perennial-${dev}-${ino}-`;
  return {
    pathOf: (name) => join(tmpdir(), name.replace(PREFIX, prefix)),
    names: () => namesIn(tmpdir(), prefix).map((name) => name.replace(prefix, PREFIX)),
    close: () => {},
  };
}

/** Windows has named pipes, which go with their process too; one fixed name is the whole lock. */
function pipePlace(folder: string): SocketPlace {
  const digest = createHash('sha256').update(folder.toLowerCase()).digest('hex').slice(0, 32);
  return { pathOf: () => `\\\\.\\pipe\\perennial-${digest}`, names: () => [PREFIX], close: () => {} };
}

/** A server that tells everyone who connects what `say()` returns. */
export function answeringServer(say: () => string): Server {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(say());
  });
  return server.unref();
}

/** Listens under a hidden name, and only then gives the socket the name that others look for. */
export async function listenAs(server: Server, place: SocketPlace, name: string): Promise<void> {
  const visible = place.pathOf(name);
  const hidden = process.platform === 'win32' ? visible : place.pathOf(name.replace(SUFFIX, '.new'));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(hidden, resolve);
  });
  if (hidden !== visible) renameSync(hidden, visible);
}

/** Asks whoever listens at `path`. A process that was stopped accepts connections and says nothing. */
export function ask(path: string, withinMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(path);
    const settle = (answer: Answer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding('utf8');
    socket.setTimeout(withinMs, () => settle({ kind: 'silent' }));
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('end', () => settle(text === '' ? { kind: 'silent' } : { kind: 'said', text }));
    socket.on('error', (error) => {
      const isDead = ['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'].includes(systemCode(error) ?? '');
      settle({ kind: isDead ? 'dead' : 'silent' });
    });
  });
}
