import { randomUUID } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, systemCode } from '../../core/errors.ts';
import { NAMES } from '../folder/file-names.ts';
import { FILE_MODE, ignoreErrors, storageError } from '../folder/file-system.ts';
import { readRegularFile } from '../folder/read-file.ts';
import {
  type Announcement,
  type Owner,
  type OwnerNote,
  parseAnnouncement,
  parseNote,
} from './announcement.ts';
import {
  answeringServer,
  ask,
  listenAs,
  type SocketFolder,
  socketName,
  socketsInFolder,
  socketsInTemporaryFolder,
} from './lock-sockets.ts';

/** The right to a session folder, held until it is released or the process ends. */
export interface Lock {
  readonly owner: Owner;
  /** Whether the owner before this one ended without releasing the lock. */
  readonly wasKilled: boolean;
  /** False once the folder was removed or replaced by another one. */
  isHeld(): boolean;
  release(): Promise<void>;
}

/** A living process, and its answer; undefined if it does not answer. */
interface LivingProcess {
  readonly name: string;
  readonly said: Announcement | undefined;
}

const LARGEST_NOTE_BYTES = 4096;
const ANSWER_WITHIN_MS = 1_200;
const SHORTEST_ASK_MS = 100;
const ASK_AGAIN_MS = 20;

/**
 * One owner for a folder, freed by the death of its process.
 *
 * Each process listens on its own unix socket in the folder. The system closes the socket with the process, so a
 * refused connection means that the process has ended, whatever pids, clocks or containers say. A socket gets its
 * visible name only once it listens. Each process first announces itself and then looks for others, so of two that
 * start at once at least one sees the other. A candidate withdraws if it sees an owner or a candidate with a smaller
 * ticket, and waits until one with a larger ticket has withdrawn. Only the owner removes sockets of ended processes.
 *
 * Throws `SESSION_LOCKED` within two seconds if another process has the folder. Another process that does not answer for
 * `answerWithinMs` (default 1.2 s) has it, too: it is stopped or hangs.
 */
export async function lockSession(folder: string, answerWithinMs = ANSWER_WITHIN_MS): Promise<Lock> {
  const owner: Owner = { pid: process.pid, host: hostname(), sinceMs: Date.now() };
  const ticket = randomUUID();
  const name = socketName(ticket);
  let isOwner = false;
  const server = answeringServer(() => JSON.stringify({ ...owner, ticket, isOwner } satisfies Announcement));
  const sockets = await announce(folder, server, name);
  const release = async (): Promise<void> => {
    ignoreErrors(() => {
      if (isOwner && sockets.isThere(name)) rmSync(join(folder, NAMES.owner), { force: true });
      rmSync(sockets.pathOf(name), { force: true });
    });
    await closeServer(server);
    sockets.close();
  };
  try {
    const dead = await waitForOthers(folder, sockets, name, ticket, answerWithinMs);
    isOwner = true;
    ignoreErrors(() => {
      for (const other of [...dead, ...sockets.unnamed()]) rmSync(sockets.pathOf(other), { force: true });
    });
    const wasKilled = existsSync(join(folder, NAMES.owner));
    noteOwner(folder, { ...owner, ticket });
    return { owner, wasKilled, isHeld: () => sockets.isThere(name), release };
  } catch (error) {
    await release();
    throw error;
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

/**
 * Listens in the folder, or in the temporary folder if the file system has no sockets. Throws `SESSION_LOCKED` if
 * the one possible name is taken (Windows), `STORAGE_FAILED` if the disk is full.
 */
async function announce(folder: string, server: Server, name: string): Promise<SocketFolder> {
  const sockets = socketsInFolder(folder);
  try {
    await listenAs(server, sockets, name);
    return sockets;
  } catch (error) {
    const living = systemCode(error) === 'EADDRINUSE' ? await findLiving(sockets) : [];
    sockets.close();
    if (living.length > 0) throw lockedError(folder, living[0]?.said);
    if (!WITHOUT_SOCKETS.has(systemCode(error) ?? '')) {
      await closeServer(server);
      throw storageError('lock', folder, error);
    }
    const elsewhere = socketsInTemporaryFolder(folder);
    await listenAs(server, elsewhere, name);
    return elsewhere;
  }
}

const WITHOUT_SOCKETS = new Set(['ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EINVAL', 'ENOSYS']);

/** Resolves with the sockets of ended processes when no other process can own the folder. Throws if one owns it. */
async function waitForOthers(
  folder: string,
  sockets: SocketFolder,
  ownName: string,
  ticket: string,
  answerWithinMs: number,
): Promise<string[]> {
  const deadline = performance.now() + answerWithinMs;
  for (;;) {
    const others = process.platform === 'win32' ? [] : sockets.names().filter((other) => other !== ownName);
    const remainingMs = deadline - performance.now();
    const living = await findLiving(sockets, others, Math.max(SHORTEST_ASK_MS, remainingMs));
    if (living.length === 0) return others;
    const silent = living.filter(({ said }) => said === undefined);
    if (silent.length > 0) throw lockedError(folder, readOwner(folder, silent));
    const candidates = living.flatMap(({ said }) => said ?? []);
    const stronger = candidates.find((one) => one.isOwner || one.ticket < ticket);
    if (stronger || remainingMs <= 0) throw lockedError(folder, stronger ?? candidates[0]);
    await sleep(ASK_AGAIN_MS);
  }
}

/** Which of these sockets belong to living processes. */
async function findLiving(
  sockets: SocketFolder,
  names = sockets.names(),
  withinMs = ANSWER_WITHIN_MS,
): Promise<LivingProcess[]> {
  const living = await Promise.all(
    names.map(async (name): Promise<LivingProcess[]> => {
      const answer = await ask(sockets.pathOf(name), withinMs);
      if (answer.kind === 'dead') return [];
      return [{ name, said: answer.kind === 'said' ? parseAnnouncement(answer.text) : undefined }];
    }),
  );
  return living.flat();
}

/** An owner that does not answer and left no note. */
const UNKNOWN_OWNER: Owner = { pid: 0, host: 'unknown', sinceMs: 0 };

/** Who owns a folder at the moment; takes no lock. */
export async function currentOwner(folder: string): Promise<Owner | undefined> {
  for (const socketsOf of [socketsInFolder, socketsInTemporaryFolder]) {
    const sockets = socketsOf(folder);
    const found = await findLiving(sockets).finally(() => sockets.close());
    const owner = found.find(({ said }) => said?.isOwner)?.said;
    if (owner) return { pid: owner.pid, host: owner.host, sinceMs: owner.sinceMs };
    const silent = found.filter(({ said }) => said === undefined);
    if (silent.length > 0) return { ...(readOwner(folder, silent) ?? UNKNOWN_OWNER), isSilent: true };
  }
  return undefined;
}

function lockedError(folder: string, owner: Owner | undefined): AppError {
  const who = owner
    ? `process ${owner.pid} on ${owner.host} since ${new Date(owner.sinceMs).toISOString()}`
    : 'another process, which is stopped or hangs';
  return new AppError(
    'SESSION_LOCKED',
    `The session in ${folder} is in use by ${who}. Stop it, or set another SESSION_PATH.`,
  );
}

/** Read if the owner cannot answer because it is stopped (SIGSTOP) or hangs. */
function noteOwner(folder: string, note: OwnerNote): void {
  const path = join(folder, NAMES.owner);
  try {
    // A note that cannot be overwritten (another user's, read-only) can still be replaced.
    rmSync(path, { force: true });
    writeFileSync(path, `${JSON.stringify(note)}\n`, { mode: FILE_MODE });
  } catch {
    // A full disk must not keep a bot from starting; only a message needs the note.
  }
}

/** The note of one of these; a note of an ended process would name the wrong one. */
function readOwner(folder: string, living: readonly LivingProcess[]): Owner | undefined {
  try {
    const content = readRegularFile(join(folder, NAMES.owner), { maxBytes: LARGEST_NOTE_BYTES });
    const note = parseNote(content.toString());
    if (!note) return undefined;
    const { ticket, isOwner: _, ...owner } = note;
    return ticket === undefined || living.some(({ name }) => name === socketName(ticket)) ? owner : undefined;
  } catch {
    return undefined;
  }
}
