import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { expect, it } from 'vitest';
import { program, stage, useStage } from './support/stage.ts';

useStage();

const SOURCE = `import { command } from '../bot/command.js';

interface Order {
  readonly person: string;
}

function find(order: Order): never {
  throw new RangeError(\`there is no order of \${order.person}\`);
}

export default command({
  name: 'boom',
  summary: 'fails',
  async run(ctx) {
    console.log('looking for', 3, 'orders');
    await ctx.reply('one moment');
    find({ person: ctx.text });
  },
});
`;

/** A command that leaves something behind, and ends before that fails. */
const leaving = (code: string) => `import { command } from '../bot/command.js';
export default command({ name: 'stray', summary: 's', run: (ctx) => {
  ${code};
} });
`;

it('errors of a command, of a promise that it does not await and of a timer are in the log with the line of their source, as its console.log is, and without what people wrote', async () => {
  const { code, map } = transformSync(SOURCE, {
    loader: 'ts',
    sourcemap: true,
    sourcefile: '../../src/commands/boom.ts',
  });
  writeFileSync(join(program.folder, 'dist/commands/boom.js'), `${code}\n//# sourceMappingURL=boom.js.map\n`);
  writeFileSync(join(program.folder, 'dist/commands/boom.js.map'), map);

  const path = join(program.folder, 'dist/commands/stray.js');
  writeFileSync(path, leaving('Promise.reject(new Error("lost " + ctx.text.toUpperCase() + " here"))'));

  const bot = await stage.pair({ LOG_LEVEL: 'debug' });
  const person = stage.wa.addPerson();
  await person.send('!boom hunter2');
  await bot.said('src/commands/boom.ts');
  expect(bot.output).toMatch(/\[INFO\] looking for 3 orders +command=boom/);
  expect(bot.output).toMatch(/\[ERROR\] .* command=boom .*err="there is no order of …"/);
  expect(bot.output).toMatch(/at find \(\S*\/src\/commands\/boom\.ts:8:\d+\)/);
  expect(bot.output).toMatch(/at .*\/src\/commands\/boom\.ts:17:\d+/);

  await person.send('!stray Hunter2 tränen');
  await bot.said('commands/stray.js:3:');
  expect((await bot.stop()).code).toBe(0);
  expect(bot.output).toMatch(/\[ERROR\] .* command=stray file=dist\/commands\/stray\.js err="lost … … here"/);

  writeFileSync(path, leaving('setTimeout(() => { throw new Error("late: " + ctx.text); }, 10)'));
  const ending = await stage.start();
  await ending.said('WhatsApp connection established');
  await person.send('!stray Hunter2 tränen');
  expect((await ending.exit()).code).toBe(1);
  expect(ending.output).toContain('commands/stray.js:3:');
  expect(ending.output).toMatch(/\[FATAL\] .* command=stray file=dist\/commands\/stray\.js err="late: … …"/);
  for (const { output } of [bot, ending]) expect(output).not.toMatch(/hunter2|tränen/i);
});
