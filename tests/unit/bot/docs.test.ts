import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as args from '../../../src/bot/args.ts';
import { command } from '../../../src/bot/command.ts';
import { Context } from '../../../src/bot/context.ts';
import { incoming, makeBot } from './fakes.ts';

const text = await readFile(join(import.meta.dirname, '../../../docs/commands.md'), 'utf8');

test('the reference names every member of the context, and none that there is not', async () => {
  let ctx: object = {};
  const keep = command({
    name: 'x',
    summary: 's',
    run(given) {
      ctx = given;
    },
  });
  const { bot } = makeBot([keep]);
  await bot.handle(incoming('!x'));
  const members = new Set([...Object.keys(ctx), ...Object.getOwnPropertyNames(Context.prototype)]);
  members.delete('constructor');
  const named = new Set([...text.matchAll(/`(?:await )?ctx\.(\w+)/g)].map(([, name]) => name));
  expect([...named].sort()).toEqual([...members].sort());
});

test('the reference names every kind of argument', () => {
  const kinds = Object.keys(args).filter((name) => name !== 'parseArgs' && name !== 'usageOf');
  for (const kind of kinds) expect(text).toContain(`| \`${kind}(`);
});

test('the tutorial shows ping as it is', async () => {
  const ping = await readFile(join(import.meta.dirname, '../../../src/commands/ping.ts'), 'utf8');
  expect(text).toContain(ping.trim());
});
