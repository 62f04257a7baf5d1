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

/** The sources in a folder of their own, with a command that kills the bot. */
function makeSources(folder: string): void {
  copySources(folder);
  writeFileSync(
    join(folder, 'src/commands/boom.ts'),
    `import { command } from '../bot/command.ts';
export default command({ name: 'boom', summary: 'kills the bot', run: () => process.kill(process.pid, 'SIGKILL') });
`,
  );
}

it('sets a command aside that killed the bot twice, tells the person, and answers everybody else', async () => {
  cwd = makeFolder();
  makeSources(cwd);
  stage = new Stage({ command: [process.execPath, '--import', 'tsx', 'src/main.ts'], cwd });
  let bot = await stage.pair();
  const [culprit, other] = [stage.wa.addPerson(), stage.wa.addPerson()];
  await stage.ping(other);
  const { id } = await culprit.send('!boom');
  const later = await culprit.send('!ping');
  for (let crash = 1; crash <= 2; crash += 1) {
    expect((await bot.exit()).signal).toBe('SIGKILL');
    bot = await stage.start();
  }
  const notice = await culprit.waitForMessage(({ quotedId }) => quotedId === id, 20_000);
  expect(notice.text).toContain('gave up');
  expect(bot.output).toContain('a message is set aside');
  await culprit.waitForMessage(({ quotedId }) => quotedId === later.id, 20_000);
  await stage.ping(other);
  expect((await bot.stop()).code).toBe(0);
}, 60_000);
