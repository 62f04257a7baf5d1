import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { program, stage, useStage } from './support/stage.ts';

useStage();

const preload = new URL('./support/libsignal-report.mjs', import.meta.url).href;

/** The code of the bundle. */
function bundleFiles(): Map<string, string> {
  const dist = join(program.folder, 'dist');
  const names = ['main.js', ...['chunks', 'commands'].flatMap((folder) => filesIn(dist, folder))];
  return new Map(names.map((name) => [name, readFileSync(join(dist, name), 'utf8')]));
}

function filesIn(dist: string, folder: string): string[] {
  return readdirSync(join(dist, folder))
    .filter((name) => name.endsWith('.js'))
    .map((name) => `${folder}/${name}`);
}

/** What a file of the bundle was made of, by its source map. */
function sourcesOf(name: string): string[] {
  const map = readFileSync(join(program.folder, 'dist', `${name}.map`), 'utf8');
  return (JSON.parse(map) as { sources: string[] }).sources;
}

/** The packages of which a file of the bundle has something. */
function packagesIn(name: string): string[] {
  return sourcesOf(name).flatMap((source) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? []);
}

it('the built program uses the libsignal that it has repaired, and answers a command without its WebAssembly', async () => {
  const bot = await stage.pair({ NODE_OPTIONS: `--import=${preload}` });
  await stage.ping(stage.wa.addPerson({ addressing: 'lid' }));
  await bot.stop();
  const report = bot.lines.find((line) => line.startsWith('libsignal: '))?.slice('libsignal: '.length);
  expect(JSON.parse(report ?? '{}')).toEqual({
    isDecryptRepaired: true,
    isStoreRepaired: true,
    isAgreementFast: true,
    // Also those of the login, which Baileys asks for by a name that it has imported.
    slowVerifications: 0,
    // The people's phones run in this process, so these were calls of the bot's connection.
    hasDecrypted: true,
    hasLargeWasm: false,
  });
});

it('the bundle has no copy of libsignal, because its licence is another one', () => {
  const files = [...bundleFiles()];
  const isCopy = ([, code]: [string, string]) => /class SessionCipher\b|require_session_cipher/.test(code);
  expect(files.filter(isCopy).map(([name]) => name)).toEqual([]);
  expect(files.some(([, code]) => /from\s*["']libsignal["']/.test(code))).toBe(true);
  const licences = readFileSync(join(program.folder, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
  expect(licences).toContain('@whiskeysockets/baileys');
  expect(licences).not.toMatch(/GPL-3/);
});

it('built-in commands share their modules with the program', () => {
  const holders = [...bundleFiles().keys()].filter((name) =>
    sourcesOf(name).some((source) => source.endsWith('src/bot/refusal.ts')),
  );
  expect(holders.map((name) => name.startsWith('chunks/'))).toEqual([true]);
});

it('a start of the program loads no file that only pictures, pages or QR codes need', () => {
  const files = bundleFiles();
  const loaded = new Set<string>();
  const load = (name: string): void => {
    const code = files.get(name);
    if (code === undefined || loaded.has(name)) return;
    loaded.add(name);
    for (const [, chunk] of code.matchAll(/(?:from|import)\s*["']\.{1,2}\/(?:chunks\/)?([\w-]+\.js)["']/g))
      load(`chunks/${chunk}`);
  };
  for (const name of files.keys()) {
    if (/^(?:main\.js|chunks\/(?:main|app)-)/.test(name)) load(name);
  }
  expect(loaded.size).toBeGreaterThan(4);
  const packages = new Set([...loaded].flatMap(packagesIn));
  expect(packages).toContain('@whiskeysockets/baileys');
  for (const other of ['prom-client', 'qrcode', 'music-metadata', 'undici'])
    expect(packages, other).not.toContain(other);
});

it('each command of the bundle can be loaded alone', async () => {
  const dist = join(program.folder, 'dist');
  for (const name of filesIn(dist, 'commands')) {
    const module = (await import(pathToFileURL(join(dist, name)).href)) as { default?: { name?: unknown } };
    expect(typeof module.default?.name, name).toBe('string');
  }
});
