import type { Logger } from 'pino';
import { LIMITS } from '../../core/limits/limits.ts';
import { RecentMap } from '../../core/recent-map.ts';
import type { KeyChanges } from '../../session/values/key-changes.ts';

/**
 * Devices that the last message for them could not be encrypted for: WhatsApp gave no keys for them. They are reported
 * with one line for all of one message.
 */
export class LeftOutDevices {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #jids = new RecentMap<true>(LIMITS['recent:people'].count / 2);
  #count = 0;

  constructor(log: Pick<Logger, 'warn'>) {
    this.#log = log;
  }

  add(jid: string): void {
    this.#jids.set(jid, true);
    this.#count += 1;
    if (this.#count > 1) return;
    setImmediate(() => {
      const devices = this.#count;
      this.#count = 0;
      this.#log.warn({ devices }, 'could not encrypt a message for some devices; they can ask for it');
    });
  }

  /** A message was encrypted for this device. */
  delete(jid: string): void {
    this.#jids.delete(jid);
  }

  /**
   * The changes without the note that such a device has the key of a group: the library notes every device that
   * should get the key, and would never give the key to this one later.
   */
  withoutNotes<T extends object>(changes: T): T {
    const { 'sender-key-memory': memory } = changes as KeyChanges;
    if (memory === undefined) return changes;
    const groups = Object.entries(memory).map(([group, devices]) => [group, this.#reached(devices)]);
    return { ...changes, 'sender-key-memory': Object.fromEntries(groups) };
  }

  #reached(devices: unknown): unknown {
    if (typeof devices !== 'object' || devices === null) return devices;
    return Object.fromEntries(Object.entries(devices).filter(([jid]) => !this.#jids.has(jid)));
  }
}
