import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { makeFolder } from '../integration/support/folder.ts';
import { Stage } from './support/bot.ts';
import { copySources } from './support/program.ts';

let stage: Stage;
let cwd: string;

afterEach(async () => {
  await stage.clear();
  rmSync(cwd, { recursive: true, force: true });
});

const saying = (answer: string) => `
import { command } from '../bot/command.ts';
export default command({ name: 'roll', summary: 'rolls', run: (ctx) => ctx.reply('${answer}') });
`;

it('a saved command is loaded on the same connection, and if it does not compile, the old one stays and the log says where', async () => {
  cwd = makeFolder();
  copySources(cwd);
  const path = join(cwd, 'src/commands/roll.ts');
  writeFileSync(path, saying('one'));
  stage = new Stage({ command: [process.execPath, '--import', 'tsx', 'src/main.ts'], cwd });
  const bot = await stage.pair();
  const person = stage.wa.addPerson();
  const roll = async () => {
    const { id } = await person.send('!roll');
    return (await person.waitForMessage(({ quotedId }) => quotedId === id, 20_000)).text;
  };
  const { connections } = stage.wa.counters;
  expect(stage.wa.counters.logins).toBe(1);
  expect(await roll()).toBe('one');

  writeFileSync(path, saying('two'));
  await bot.said('change=loaded');
  expect(await roll()).toBe('two');

  writeFileSync(path, `${saying('three')}const = 1;\n`);
  await bot.said('change=failed');
  expect(bot.output).toMatch(/src\/commands\/roll\.ts:4:6/);
  expect(await roll()).toBe('two');

  expect(stage.wa.counters).toMatchObject({ logins: 1, connections });
  expect((await bot.stop()).code).toBe(0);
}, 60_000);
