import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { phrases } from '../../src/bot/phrases.ts';
import { program, stage, useLinkedStage, useProgram } from './support/stage.ts';

useProgram();
useLinkedStage();

/** Commands that kill the bot, and one that takes until the file `go` is there. */
beforeAll(() => {
  const add = (name: string, text: string): void =>
    writeFileSync(join(program.folder, `dist/commands/${name}.js`), text);
  add(
    'boom',
    `import { command } from '../bot/command.js';
export default command({ name: 'boom', summary: 'kills the bot', run: () => process.kill(process.pid, 'SIGKILL') });
`,
  );
  add(
    'slow',
    `import { access } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { command } from '../bot/command.js';
export default command({
  name: 'slow',
  summary: 'waits for a file',
  async run(ctx) {
    while (!(await access(${JSON.stringify(join(program.folder, 'go'))}).then(() => true, () => false))) await setTimeout(50);
    await ctx.reply('at last');
  },
});
`,
  );
  add(
    'trap',
    `import { command } from '../bot/command.js';
export default command({
  name: 'trap',
  summary: 'kills the bot after an answer',
  async run(ctx) {
    const { text } = await ctx.ask('Which word?');
    if (text === 'boom') process.kill(process.pid, 'SIGKILL');
    await ctx.reply('You said ' + text);
  },
});
`,
  );
});

it('a command that killed the bot twice is set aside, its person is told, and everybody else is answered: also who waits for a slow command that ran at each crash', async () => {
  let bot = await stage.open();
  const [patient, culprit, other] = [stage.wa.addPerson(), stage.wa.addPerson(), stage.wa.addPerson()];
  for (const person of [patient, other]) await stage.ping(person);
  const slow = await patient.send('!slow');
  const boom = await culprit.send('!boom');
  const later = await culprit.send('!ping');
  for (let crash = 1; crash <= 2; crash += 1) {
    expect((await bot.exit()).signal).toBe('SIGKILL');
    bot = await stage.start();
  }
  const notice = await culprit.waitForMessage(({ quotedId }) => quotedId === boom.id, 20_000);
  expect(notice.text).toBe(phrases.setAside);
  expect(bot.output).toMatch(new RegExp(`\\[WARN\\] .* messageId=${boom.id} crashes=2$`, 'm'));
  await culprit.waitForMessage(({ quotedId }) => quotedId === later.id, 20_000);
  await stage.ping(other);
  writeFileSync(join(program.folder, 'go'), '');
  const answer = await patient.waitForMessage(({ quotedId }) => quotedId === slow.id, 20_000);
  expect(answer.text).toBe('at last');
  await stage.ping(patient);
  expect(patient.inbox.filter(({ quotedId }) => quotedId === slow.id)).toHaveLength(1);
  expect((await bot.stop()).code).toBe(0);
}, 60_000);

it('a conversation that killed the bot twice is set aside, its person is told, and the others go on', async () => {
  let bot = await stage.open();
  const [culprit, other] = [stage.wa.addPerson(), stage.wa.addPerson()];
  for (const person of [culprit, other]) {
    await person.send('!trap');
    await person.waitForMessage(({ text }) => text === 'Which word?');
  }
  await culprit.send('boom');
  for (let crash = 1; crash <= 2; crash += 1) {
    expect((await bot.exit()).signal).toBe('SIGKILL');
    bot = await stage.start();
  }
  await culprit.waitForMessage(({ text }) => text === phrases.setAside, 20_000);
  expect(bot.output).toMatch(/\[ERROR\] .* name=trap .*crashes=2$/m);
  await other.send('hello');
  await other.waitForMessage(({ text }) => text === 'You said hello', 20_000);
  await culprit.send('!ping');
  await culprit.waitForMessage(({ text }) => text === 'pong', 20_000);
  expect(culprit.inbox.filter(({ text }) => text === 'Which word?')).toHaveLength(1);
  expect((await bot.stop()).code).toBe(0);
}, 60_000);
