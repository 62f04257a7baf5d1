import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openSession } from '../../src/session/session-store.ts';
import { SentMessages } from '../../src/whatsapp/send/sent-messages.ts';
import { inFolder } from './paired-bot.ts';

/** What one checkpoint costs. */
export interface CheckpointCost {
  /** User and system time. The wall time depends on the disk. */
  readonly cpuMs: number;
  /** The sizes of the files that it wrote. */
  readonly writtenBytes: number;
}

const MESSAGES = 100;
/**
 * One checkpoint takes a few milliseconds, and the garbage collector runs in some of them, so the cost is the mean of
 * several.
 */
const CHECKPOINTS = 20;
const TEXT_BYTES = 500;
/** Of each message that the table has already. In base64 it is a third larger. */
const OLD_BYTES = 48 * 1024;

/** The checkpoint after 100 messages, with `sentBytes` of messages sent before. */
export function checkpointCost(sentBytes: number): Promise<CheckpointCost> {
  return inFolder(async (folder) => {
    const session = await openSession(folder, { log: { debug: () => {}, info: () => {}, warn: () => {} } });
    const sent = new SentMessages(session);
    const remember = (id: string, bytes: number) => sent.remember(id, { conversation: 'x'.repeat(bytes) });
    const sizeOfTable = (): number => session.facts().tables.get('sent')?.bytes ?? 0;
    for (let index = 0; sizeOfTable() < sentBytes; index += 1) await remember(`old${index}`, OLD_BYTES);
    // Small pages are merged, and the journals of all these messages are removed.
    for (let round = 0; round < 3; round += 1) {
      await remember(`before${round}`, TEXT_BYTES);
      await session.checkpoint();
    }
    let cpuMs = 0;
    let writtenBytes = 0;
    for (let round = 0; round < CHECKPOINTS; round += 1) {
      for (let index = 0; index < MESSAGES; index += 1) await remember(`new${round}-${index}`, TEXT_BYTES);
      const before = new Set(filesOf(folder).map(({ ino }) => ino));
      const cpuBefore = process.cpuUsage();
      await session.checkpoint();
      const { user, system } = process.cpuUsage(cpuBefore);
      cpuMs += (user + system) / 1_000 / CHECKPOINTS;
      for (const { ino, size } of filesOf(folder)) if (!before.has(ino)) writtenBytes += size / CHECKPOINTS;
    }
    await session.close();
    return { cpuMs, writtenBytes };
  });
}

/** A file that is written whole is a new one under the same name. */
const filesOf = (folder: string) =>
  readdirSync(folder)
    .map((name) => statSync(join(folder, name)))
    .filter((file) => file.isFile());
