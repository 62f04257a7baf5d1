import { spawnSync } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { seeded } from '../../bench/seeded.ts';
import { openSession } from '../../src/session/session-store.ts';
import { stage, useStage } from './support/stage.ts';

useStage();

const COPIES = 8;
const seed = Number(process.env.SEED ?? Date.now() % 100_000);
const random = seeded(seed);
const quiet = { debug: () => {}, info: () => {}, warn: () => {} };

interface Copy {
  readonly folder: string;
  /** Those that WhatsApp had for the bot before the copy, and after it. */
  readonly preKeys: readonly string[];
}

const preKeyIds = (): string[] => stage.wa.devices.flatMap((device) => device.preKeyIds()).map(String);

/** As people do; files that go while it reads are none of its business. */
function copyTo(name: string): string {
  const copy = join(stage.root, name);
  spawnSync('cp', ['-r', stage.sessions, copy]);
  return copy;
}

it(`a folder that was copied with cp -r at any time while the bot answers opens, and the bot goes on (SEED=${seed})`, async () => {
  const bot = await stage.pair();
  const people = (['pn', 'lid', 'mixed'] as const).map((addressing) => stage.wa.addPerson({ addressing }));
  for (const person of people) await stage.ping(person);
  let isOver = false;
  const chatting = people.map(async (person) => {
    while (!isOver) await stage.ping(person);
  });
  const copies: Copy[] = [];
  for (let n = 0; n < COPIES; n++) {
    await wait(random() * 300);
    const known = new Set(preKeyIds());
    const folder = copyTo(`copy-${n}`);
    // Pre-keys that were used up meanwhile are gone from both.
    copies.push({ folder, preKeys: preKeyIds().filter((id) => known.has(id)) });
  }
  // The last copy is older than what the people know.
  await wait(300);
  isOver = true;
  await Promise.all(chatting);
  for (const { folder, preKeys } of copies) {
    const session = await openSession(folder, { log: quiet });
    expect(session.wasLinked).toBe(true);
    expect(preKeys).not.toEqual([]);
    const found = session.get('pre-key', preKeys);
    expect(preKeys.filter((id) => !(id in found))).toEqual([]);
    await session.close();
  }
  await bot.kill();
  // The person's own advice: rm -rf sessions/, mv sessions.backup/ sessions/.
  rmSync(stage.sessions, { recursive: true });
  renameSync(copies.at(-1)?.folder ?? '', stage.sessions);
  const restored = await stage.start();
  await restored.said('WhatsApp connection established');
  for (const person of people) await stage.ping(person);
  expect(restored.output).not.toContain('QR Code received');
  expect(people.flatMap((person) => person.unreadable.filter(({ isRecovered }) => !isRecovered))).toEqual([]);
  expect(stage.wa.counters.pairings).toBe(1);
}, 60_000);
