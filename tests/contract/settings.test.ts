import { readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { SETTINGS } from '../../src/config/settings.ts';

const examplePath = new URL('../../.env.example', import.meta.url).pathname;
const example = readFileSync(examplePath, 'utf8');

describe('.env.example', () => {
  it('names every setting with its default, in the same order, and no other', () => {
    const defaults = Object.entries(SETTINGS).map(([name, { byDefault }]) => [name, byDefault]);
    expect(Object.entries(parse(example))).toEqual(defaults);
  });

  it.each(Object.entries(SETTINGS))('says what %s means', (name, { meaning }) => {
    expect(example).toContain(`\n# ${meaning}\n${name}=`);
  });

  it('as a .env is the same as no .env', () => {
    expect(loadConfig({}, { dotenvPath: examplePath })).toEqual(loadConfig({}));
  });
});
