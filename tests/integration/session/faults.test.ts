import { describe, expect, test } from 'vitest';
import { isAppError } from '../../../src/core/errors.ts';
import type { FileSystem } from '../../../src/session/folder/file-system.ts';
import { plain } from '../../unit/session/helpers.ts';
import { failure, ModelDisk } from './model-disk.ts';
import { allowed, type Deed, keysOf, live, openOn, Story, versionsIn } from './story.ts';

type Call = keyof FileSystem;
type Fault = 'ENOSPC' | 'EIO' | 'EMFILE' | 'short write' | 'half, then ENOSPC';

/** A file system that fails at the call with this number, once, and counts the calls. */
class FaultyDisk {
  readonly calls = new Map<Call, number>();
  readonly fs: FileSystem;
  #fault:
    | { readonly call: Call; readonly nth: number; readonly fault: Fault; readonly times: number }
    | undefined;
  #failed = 0;

  constructor(disk: ModelDisk) {
    this.fs = new Proxy(disk.fileSystem, {
      get: (target, call: Call) => {
        const original = target[call] as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => this.#call(call, original, args);
      },
    });
  }

  failAt(call: Call, nth: number, fault: Fault, times = 1): void {
    this.#fault = { call, nth, fault, times };
  }

  get hasFailed(): boolean {
    return this.#failed > 0;
  }

  mend(): void {
    this.#fault = undefined;
  }

  #call(call: Call, original: (...args: unknown[]) => unknown, args: unknown[]): unknown {
    const count = (this.calls.get(call) ?? 0) + 1;
    this.calls.set(call, count);
    const fault = this.#fault;
    if (fault?.call !== call || count < fault.nth || count >= fault.nth + fault.times)
      return original(...args);
    this.#failed += 1;
    if (fault.fault.includes('half') || fault.fault === 'short write') {
      const [fd, data, offset, length, position] = args as [number, Buffer, number, number, number];
      if (fault.fault !== 'short write' && this.#failed > 1) throw failure('ENOSPC');
      return original(fd, data, offset, Math.ceil(length / 2), position);
    }
    const done = args.at(-1);
    if (typeof done !== 'function') throw failure(fault.fault);
    setImmediate(() => done(failure(fault.fault)));
    return undefined;
  }
}

/** The calls of a life without faults: opening, living and closing. */
async function countCalls(): Promise<Map<Call, number>> {
  const faulty = new FaultyDisk(new ModelDisk());
  const session = openOn(faulty.fs);
  await live(new Story(session, () => 0));
  await session.close();
  return faulty.calls;
}

function open(fs: FileSystem, failures: unknown[]) {
  try {
    return openOn(fs, failures);
  } catch (error) {
    // Opening tells its failures as what they are, except that of an unknown call, which `openSession` names.
    if (!isAppError(error) && !(error instanceof Error && 'code' in error)) throw error;
    return undefined;
  }
}

/** Nothing that was acknowledged is lost, nothing is invented. */
function check(found: Map<string, number | undefined>, deeds: readonly Deed[], what: string): void {
  for (const [key, version] of found) {
    const possible = allowed(deeds, key, (deed) => deed.endedAt !== undefined, Number.POSITIVE_INFINITY);
    // A failed `set` changes nothing, but for pre-keys that are in the journal and may not be synced.
    const isUnsure = (one: number | undefined): boolean =>
      deeds.some((deed) => deed.version === one && deed.endedAt === undefined && !deed.isDurable);
    const isPossible =
      possible.has(version) && (key === 'creds' || version === undefined || !isUnsure(version));
    // No `expect` for each of so many values: it costs more than the recovery.
    if (!isPossible) expect.fail(`${what}: ${key} is ${version}, of ${[...possible].join(', ')}`);
  }
}

/** All of them in the long form; in the short one, each call in turn meets another. */
function faultsOf(call: Call, nth: number): Fault[] {
  const faults: Fault[] =
    call === 'writeSync'
      ? ['ENOSPC', 'EIO', 'short write', 'half, then ENOSPC']
      : ['EIO', 'ENOSPC', 'EMFILE'];
  return process.env.LONG ? faults : faults.slice(nth % faults.length).slice(0, 1);
}

const calls = await countCalls();
const dry = new Set<Call>(['chmodSync']);

describe('the nth call of each file operation fails', () => {
  test('the story of the fault tests makes every call of the file system', () => {
    expect([...calls.keys()].sort()).toEqual(
      Object.keys(new ModelDisk().fs)
        .filter((call) => !dry.has(call as Call))
        .sort(),
    );
  });

  test.each([...calls])(
    'if any one call of %s (there are %i) fails, no acknowledged change is lost, and the session goes on',
    async (call, count) => {
      let stories = 0;
      for (let nth = 1; nth <= count; nth++) {
        for (const fault of faultsOf(call, nth)) {
          const what = `${call} ${nth} ${fault}`;
          const disk = new ModelDisk();
          const faulty = new FaultyDisk(disk);
          faulty.failAt(call, nth, fault, fault === 'half, then ENOSPC' ? 2 : 1);
          const failures: unknown[] = [];
          const session = open(faulty.fs, failures) ?? openOn(faulty.fs, failures);
          const story = new Story(session, () => 0);
          await live(story);
          expect(faulty.hasFailed || nth > (faulty.calls.get(call) ?? 0) - 1, what).toBe(true);
          const keys = keysOf(story.deeds);
          check(versionsIn(session, keys), story.deeds, `${what}, still open`);
          const killed = openOn(disk.copy().fileSystem);
          check(versionsIn(killed, keys), story.deeds, `${what}, after a kill`);
          expect(plain(killed.creds.signedIdentityKey), what).toEqual(
            plain(story.identity.signedIdentityKey),
          );
          expect(killed.wasLinked, what).toBe(true);
          await killed.close();
          faulty.mend();
          const again = await Promise.all([
            story.saveCreds(),
            story.set(['session/a', 'pre-key/9']),
            story.checkpoint(),
          ]);
          expect(again, `${what}, once it is over`).toEqual([true, true, true]);
          await session.close();
          expect(disk.openFiles, `${what}, files left open`).toBeLessThanOrEqual(
            call === 'closeSync' ? 1 : 0,
          );
          expect(disk.strayCloses, what).toBe(0);
          const reopened = openOn(disk.fileSystem);
          check(versionsIn(reopened, keysOf(story.deeds)), story.deeds, `${what}, after the close`);
          await reopened.close();
          stories += 1;
        }
      }
      expect(stories).toBeGreaterThan(0);
    },
  );

  test('on a disk that stays full every write is refused, no acknowledged change is lost, and the session goes on when there is room', async () => {
    for (const call of ['writeSync', 'openSync', 'fsync', 'fdatasync', 'fsyncSync'] as const) {
      for (let nth = 1; nth <= (calls.get(call) ?? 0); nth += 3) {
        const what = `${call} from ${nth} on`;
        const disk = new ModelDisk();
        const faulty = new FaultyDisk(disk);
        const before = openOn(faulty.fs);
        const story = new Story(before, () => 0);
        await story.saveCreds();
        faulty.failAt(call, (faulty.calls.get(call) ?? 0) + nth, 'ENOSPC', Number.POSITIVE_INFINITY);
        await live(story);
        const keys = keysOf(story.deeds);
        check(versionsIn(before, keys), story.deeds, what);
        const killed = openOn(disk.copy().fileSystem);
        check(versionsIn(killed, keys), story.deeds, `${what}, after a kill`);
        await killed.close();
        faulty.mend();
        expect(await story.set(['session/a', 'pre-key/9']), what).toBe(true);
        expect(await story.saveCreds(), what).toBe(true);
        await before.close();
        const reopened = openOn(disk.fileSystem);
        check(versionsIn(reopened, keysOf(story.deeds)), story.deeds, `${what}, after the close`);
        await reopened.close();
      }
    }
  });
});
