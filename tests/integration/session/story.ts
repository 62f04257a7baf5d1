import { isAppError } from '../../../src/core/errors.ts';
import type { FileSystem } from '../../../src/session/folder/file-system.ts';
import { prepareFolder } from '../../../src/session/folder/prepare-folder.ts';
import { recover } from '../../../src/session/recover-session.ts';
import { Session } from '../../../src/session/session-store.ts';
import type { KeyChanges } from '../../../src/session/values/key-changes.ts';
import { linkedCreds, recordingLog } from '../../unit/session/helpers.ts';
import { ROOT } from './model-disk.ts';

export const FOLDER = `${ROOT}/sessions`;

/** `openSession` on a disk in memory, where no other process can be. */
export function openOn(fs: FileSystem, failures: unknown[] = []): Session {
  prepareFolder(fs, FOLDER);
  const { log } = recordingLog();
  // A power cut may take the note of the owner along, so nothing may depend on it.
  const lock = {
    owner: { pid: 1, host: 'h', sinceMs: 0 },
    wasKilled: false,
    isHeld: () => true,
    release: async () => {},
  };
  const onFailure = (error: unknown): void => void failures.push(error);
  return new Session(
    { path: FOLDER, fs, lock, recovered: recover(fs, FOLDER, log, lock.wasKilled) },
    { log, onFailure },
  );
}

/** One thing that the program did, and where the disk's log stood when it began and when it had succeeded. */
export interface Deed {
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  /** The number of its values; `undefined` if it only makes others last. */
  readonly version: number | undefined;
  readonly keys: readonly string[];
  readonly removes: readonly string[];
  /** Whether all that was stored before is safe from a power cut once it has succeeded. */
  readonly isDurable: boolean;
}

const IDENTITY = linkedCreds();

/** Writes what the program did into a session, and keeps the books on it. */
export class Story {
  readonly deeds: Deed[] = [];
  readonly identity = IDENTITY;
  readonly #session: Session;
  readonly #clock: () => number;
  #version = 0;

  constructor(session: Session, clock: () => number) {
    this.#session = session;
    this.#clock = clock;
    const { identity } = this;
    Object.assign(session.creds, identity);
  }

  async #do(deed: Omit<Deed, 'startedAt' | 'endedAt'>, work: () => void | Promise<void>): Promise<boolean> {
    const startedAt = this.#clock();
    let endedAt: number | undefined;
    try {
      await work();
      endedAt = this.#clock();
    } catch (error) {
      if (!isAppError(error, 'STORAGE_FAILED')) throw error;
    }
    this.deeds.push({ ...deed, startedAt, endedAt });
    return endedAt !== undefined;
  }

  saveCreds(): Promise<boolean> {
    const version = ++this.#version;
    this.#session.creds.accountSyncCounter = version;
    const deed = { version, keys: ['creds'], removes: [], isDurable: false };
    return this.#do(deed, () => this.#session.saveCreds());
  }

  set(keys: readonly string[], removes: readonly string[] = []): Promise<boolean> {
    const version = ++this.#version;
    const changes: KeyChanges = {};
    const put = (key: string, value: unknown): void => {
      const [type = '', id = ''] = key.split('/');
      changes[type] = { ...changes[type], [id]: value };
    };
    for (const key of keys) put(key, { version });
    for (const key of removes) put(key, null);
    const isDurable = keys.some((key) => key.startsWith('pre-key/'));
    return this.#do({ version, keys, removes, isDurable }, () => this.#session.set(changes));
  }

  flush(): Promise<boolean> {
    return this.#do({ version: undefined, keys: [], removes: [], isDurable: true }, () =>
      this.#session.flush(),
    );
  }

  checkpoint(): Promise<boolean> {
    const deed = { version: undefined, keys: [], removes: [], isDurable: true };
    return this.#do(deed, () => this.#session.checkpoint());
  }

  close(): Promise<boolean> {
    const deed = { version: undefined, keys: [], removes: [], isDurable: false };
    return this.#do(deed, () => this.#session.close());
  }
}

/** A life in which everything happens that a session does. Returns how many deeds failed. */
export async function live(story: Story): Promise<void> {
  await story.saveCreds();
  await story.set(['pre-key/1', 'pre-key/2', 'pre-key/3']);
  await story.saveCreds();
  await story.set(['session/a', 'session/b', 'inbox/m1']);
  await story.set(['session/a', 'client/x']);
  await story.checkpoint();
  await story.set(['session/a', 'inbox/m2'], ['inbox/m1']);
  await story.set(['session/c'], ['pre-key/1']);
  await story.saveCreds();
  // Of two that go on at once, both must be right.
  await Promise.all([story.checkpoint(), story.set(['session/b', 'pre-key/4']), story.set(['session/d'])]);
  await story.set(['session/a'], ['session/c']);
  await story.flush();
  await story.set(['session/b', 'inbox/m3'], ['client/x']);
  await story.checkpoint();
  await story.set(['session/e'], ['session/d']);
  await story.saveCreds();
  await story.set(['session/a']);
}

/** The version of each key that is there; `creds` is one of them. */
export function versionsIn(session: Session, keys: Iterable<string>): Map<string, number | undefined> {
  const found = new Map<string, number | undefined>();
  for (const key of keys) {
    const [type = '', id = ''] = key.split('/');
    const value = session.get(type, [id])[id] as { version: number } | undefined;
    found.set(key, key === 'creds' ? session.creds.accountSyncCounter : value?.version);
  }
  return found;
}

/** Every key that the story is about. */
export function keysOf(deeds: readonly Deed[]): Set<string> {
  return new Set(deeds.flatMap((deed) => [...deed.keys, ...deed.removes]));
}

/**
 * What may be found for a key at an instant: the last value that was sure by then, or any that was tried after it.
 * `undefined` is a removal, or that it was never there.
 */
export function allowed(deeds: readonly Deed[], key: string, isSure: (deed: Deed) => boolean, now: number) {
  const versions = new Set<number | undefined>([undefined]);
  for (const deed of deeds) {
    if (deed.startedAt > now || !(deed.keys.includes(key) || deed.removes.includes(key))) continue;
    if (isSure(deed)) versions.clear();
    versions.add(deed.keys.includes(key) ? deed.version : undefined);
  }
  return versions;
}
