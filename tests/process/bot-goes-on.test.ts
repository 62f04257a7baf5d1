import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Stage } from './support/bot.ts';
import { stage, useLinkedStage, useProgram } from './support/stage.ts';

useProgram();
useLinkedStage();

const OPEN = 'WhatsApp connection established';
/** Baileys looks every 30 s whether it has heard anything in the last 35; then 5 s to the reconnect. */
const STOPPED_MS = 40_000;
const BACK_WITHIN_MS = 45_000;

async function expectAllAnsweredOnce(person: ReturnType<Stage['wa']['addPerson']>, ids: readonly string[]) {
  for (const id of ids) await person.waitForMessage(({ quotedId }) => quotedId === id, 20_000);
  await stage.ping(person);
  const quoted = person.inbox.map(({ quotedId }) => quotedId);
  expect(new Set(quoted).size).toBe(quoted.length);
  expect(person.unreadable).toEqual([]);
}

it('a bot that is suspended in the middle of a burst while its connection ends goes on where it was', async () => {
  const bot = await stage.open({ RECONNECT_DELAY_MS: '500' });
  const person = stage.wa.addPerson({ addressing: 'mixed' });
  await stage.ping(person);
  const send = async (): Promise<string> => (await person.send('!ping')).id;
  const before = await Promise.all(Array.from({ length: 20 }, send));
  await person.waitForMessage(({ quotedId }) => quotedId === before[3]);
  bot.signal('SIGSTOP');
  const meanwhile = await Promise.all(Array.from({ length: 5 }, send));
  stage.wa.faults.dropConnection();
  bot.signal('SIGCONT');
  await bot.said(OPEN, 2);
  await expectAllAnsweredOnce(person, [...before, ...meanwhile]);
}, 60_000);

it.skipIf(!process.env.LONG)(
  'a bot that is suspended for longer than a connection lasts is connected again within 45 seconds after it wakes up',
  async () => {
    const bot = await stage.open();
    const person = stage.wa.addPerson();
    await stage.ping(person);
    bot.signal('SIGSTOP');
    // The peer is gone without a word, as behind a router that forgot the connection.
    stage.wa.faults.halfOpen(true);
    const { id } = await person.send('!ping');
    await sleep(STOPPED_MS);
    const wokeAtMs = performance.now();
    bot.signal('SIGCONT');
    await person.waitForMessage(({ quotedId }) => quotedId === id, BACK_WITHIN_MS);
    expect(performance.now() - wokeAtMs).toBeLessThan(BACK_WITHIN_MS);
    await expectAllAnsweredOnce(person, [id]);
  },
  150_000,
);

it('a stanza that inflates to 100 MB is ignored, and the bot goes on', async () => {
  const bot = await stage.open();
  const person = stage.wa.addPerson();
  await stage.ping(person);
  stage.wa.faults.sendInflateBomb(100 * 1024 * 1024);
  await bot.said('code=ERR_BUFFER_TOO_LARGE');
  await stage.ping(person);
  expect(bot.output).not.toMatch(/\[(ERROR|FATAL)\]/);
  expect((await bot.stop()).code).toBe(0);
}, 60_000);
