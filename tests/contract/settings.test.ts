import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'dotenv';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import { settingsExample, withSettings } from '../../tools/settings-table.ts';

const examplePath = fileURLToPath(new URL('../../.env.example', import.meta.url));
const example = readFileSync(examplePath, 'utf8');

test('.env.example is made from the list of settings; `npm run docs` writes it', () => {
  expect(example).toBe(settingsExample());
});

test('the table of settings in README is made from the list of settings; `npm run docs` writes it', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  expect(readme).toBe(withSettings(readme));
});

test('.env.example names every setting with its default', () => {
  const defaults = Object.entries(SETTINGS).map(([name, { byDefault }]) => [name, byDefault]);
  expect(Object.entries(parse(example))).toEqual(defaults);
});

test('.env.example as a .env is the same as no .env', () => {
  expect(loadConfig({}, { dotenvPath: examplePath })).toEqual(loadConfig({}));
});
