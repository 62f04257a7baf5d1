import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, renameSync, statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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
const HIDDEN_SUFFIX = '.new';
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
    socket.write(say());
    // Not `end`: who asked may never hang up (it was stopped), and we must be able to close.
    socket.destroySoon();
  });
  return server.unref();
}

/** What a process that died before its socket had its name left, or one that is about to give it. */
export const isUnnamedSocket = (name: string): boolean =>
  name.startsWith(PREFIX) && name.endsWith(HIDDEN_SUFFIX);

/** Listens under a hidden name, and only then gives the socket the name that others look for. */
export async function listenAs(server: Server, place: SocketPlace, name: string): Promise<void> {
  const visible = place.pathOf(name);
  const hidden = process.platform === 'win32' ? visible : place.pathOf(name.replace(SUFFIX, HIDDEN_SUFFIX));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(hidden, resolve);
  });
  if (hidden !== visible) renameSync(hidden, visible);
}

/**
 * Asks whoever listens at `path`. A process that was stopped accepts connections and says nothing; one that dies
 * meanwhile hangs up, and is asked again.
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
    });
    socket.on('end', () => settle(text === '' ? 'hung up' : { kind: 'said', text }));
    socket.on('error', (error) => {
      const code = systemCode(error) ?? '';
      if (DEAD.has(code)) settle({ kind: 'dead' });
      else settle(HUNG_UP.has(code) ? 'hung up' : { kind: 'silent' });
    });
  });
}

const DEAD = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTSOCK']);
const HUNG_UP = new Set(['ECONNRESET', 'EPIPE', 'ENOTCONN']);
const ASK_AGAIN_MS = 20;
