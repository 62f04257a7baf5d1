import { expect, test } from 'vitest';
import { command } from '../../../../src/bot/command.ts';
import { CommandRegistry } from '../../../../src/bot/loading/command-registry.ts';

const named = (name: string, ...aliases: string[]) =>
  command({ name, aliases, summary: name, run: () => {} });

test('a command of the project replaces the built-in command of its name, with its aliases', () => {
  const registry = new CommandRegistry();
  registry.setBuiltIn('built-in/help.js', named('help', 'menu'));
  registry.set('commands/help.js', named('help'));
  expect(registry.find('help')?.file).toBe('commands/help.js');
  expect(registry.find('menu')).toBeUndefined();
  expect(registry.all).toHaveLength(1);
  expect(registry.replaced).toMatchObject([{ name: 'help', file: 'commands/help.js' }]);
});

test('a command of the project takes an alias from a built-in command, which keeps its name', () => {
  const registry = new CommandRegistry();
  registry.set('commands/menu.js', named('menu'));
  registry.setBuiltIn('built-in/help.js', named('help', 'menu', 'h'));
  expect(registry.find('menu')?.file).toBe('commands/menu.js');
  expect(registry.find('help')?.command.aliases).toEqual(['h']);
  expect(registry.replaced.map(({ name }) => name)).toEqual(['menu']);
});

test('an alias of the project can be the name of a built-in command', () => {
  const registry = new CommandRegistry();
  registry.setBuiltIn('built-in/help.js', named('help', 'menu'));
  registry.set('commands/info.js', named('info', 'help'));
  expect(registry.find('help')?.command.name).toBe('info');
  expect(registry.all.map(({ command: { name } }) => name)).toEqual(['info']);
});

test('a built-in command comes back when the file of the project is removed', () => {
  const registry = new CommandRegistry();
  registry.setBuiltIn('built-in/help.js', named('help', 'menu'));
  registry.set('commands/help.js', named('help'));
  registry.delete('commands/help.js');
  expect(registry.find('menu')?.file).toBe('built-in/help.js');
  expect(registry.replaced).toEqual([]);
});

test('two commands of the project cannot have one name', () => {
  const registry = new CommandRegistry();
  registry.set('a.js', named('one', 'uno'));
  expect(() => registry.set('b.js', named('two', 'uno'))).toThrow(/"uno" .*a\.js/);
  expect(registry.find('two')).toBeUndefined();
});
