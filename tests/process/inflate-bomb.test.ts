import { expect, it } from 'vitest';
import { stage, useStage } from './support/stage.ts';

useStage();

it('a stanza that inflates to 100 MB is ignored, and the bot goes on', async () => {
  const bot = await stage.pair();
  const person = stage.wa.addPerson();
  await stage.ping(person);
  stage.wa.faults.sendInflateBomb(100 * 1024 * 1024);
  await bot.said('code=ERR_BUFFER_TOO_LARGE');
  await stage.ping(person);
  expect(bot.output).not.toContain('A bug');
  expect((await bot.stop()).code).toBe(0);
}, 60_000);
