import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CLOSE_KINDS } from '../../src/app/status/close-sentences.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import { AppError, EXIT_CODES as ERROR_CODES, type ErrorCode } from '../../src/core/errors.ts';
import { readOptions } from '../../src/demo/demo-options.ts';
import { HELP, readOrder } from '../../src/demo/prompt-orders.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
/** The files in a folder and below it, with `/` on every system. */
const filesIn = (folder: string, extension: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension))
    .map((name) => name.replaceAll('\\', '/'));
const docs = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...filesIn('docs', '.md').map((name) => `docs/${name}`),
];
const sources = filesIn('src', '.ts');
const code = sources.map((name) => read(join('src', name))).join('\n');
const commands = readdirSync(join(ROOT, 'src/commands')).map((name) => name.replace(/\.ts$/, ''));
/** Ours, and what the system makes of a process that is killed. */
const EXIT_CODES = [0, 1, 75, 77, 78, 128 + 9, 128 + 15];

const found = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map((match) => match.slice(1).find((group) => group !== undefined) ?? '');

/** Lines of the log as documents quote them: in blocks, in sentences, and in tables of what "you see". */
function quotedLines(text: string): string[] {
  const prose = text.replace(/^```.*?^```/gms, '');
  const tables = found(prose, /^\| (?:you see|it says) \|.*?\n(.*?)\n\n/gms).join('\n');
  return [
    ...found(text, /^\[(?:INFO|WARN|ERROR)\] (.+)$/gm),
    ...found(prose, /`((?:⚠️ [A-Z]|… [a-z]|through |[A-Z][A-Za-z']* [a-z…]|Logged out)[^`]*)`/g),
    ...found(tables, /^\| `([^`]+)`/gm),
  ];
}

/** Where a variable stands in what the program says: numbers, paths, names, and texts that are put together. */
const GAP = /\(401\)|\d+|…|\.\/sessions|HOST|is damaged|(?<=status: )\w+|(?<=by) |(?= that cannot)/;

function isSaid(line: string): boolean {
  const parts = line.split(GAP).map((part) => part.trim());
  return parts.every((part) => part.length < 4 || code.includes(part));
}

const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

describe.each(docs)('%s', (path) => {
  const text = read(path);

  test(`${path} names only scripts that exist`, () => {
    const named = [...text.matchAll(/npm run (?:--silent )?([a-z:]+)/g)].map(([, name]) => name ?? '');
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test(`${path} links only to files that exist`, () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link ?? '');
    expect(links.filter((link) => !existsSync(join(ROOT, dirname(path), link)))).toEqual([]);
  });

  test(`${path} names only files of the program that exist`, () => {
    const named = found(text, /`(?:src\/)?((?:[\w-]+\/)*[\w-]+\.ts)[`,]/g);
    // What the tutorial lets people write is theirs, and so are the files that a recipe adds.
    const ours = named.filter((name) => name !== 'commands/roll.ts' && !/NAME|SUBJECT/.test(name));
    expect(ours.filter((name) => !sources.some((path) => `/${path}`.endsWith(`/${name}`)))).toEqual([]);
  });

  test(`${path} names only settings that exist`, () => {
    const named = found(
      text,
      /`([A-Z]{2,}(?:_[A-Z]+)+)(?:=[^`]*)?`|(?:^|-e |sudo -u \S+ )([A-Z]{2,}(?:_[A-Z]+)+)=/gm,
    );
    const others = /^(NO_COLOR|PAGE_SHOTS|NODE_EXTRA_CA_CERTS|HTTP_PROXY|HTTPS_PROXY|NO_PROXY)/;
    const isKnown = (name: string) => name in SETTINGS || name in ERROR_CODES || others.test(name);
    expect(named.filter((name) => !isKnown(name))).toEqual([]);
  });

  test(`${path} names only exit codes that exist`, () => {
    const named = found(text, /\b(?:exits?(?: codes?| with)?|ends with) `?(\d+)`?|^\| (\d+),? [|\d]/gm);
    expect(named.filter((code) => !EXIT_CODES.includes(Number(code)))).toEqual([]);
  });

  test(`${path} quotes only lines that the program prints`, () => {
    expect(quotedLines(text).filter((line) => !isSaid(line))).toEqual([]);
  });

  test(`${path} names only commands, orders of the demo, addresses and metrics that exist`, () => {
    const maintenance = found(text, /npm run session -- (\w+)|dist\/cli\/session\.js (\w+)/g);
    expect(
      maintenance.filter((name) => !['status', 'doctor', 'backup', 'restore', 'explain'].includes(name)),
    ).toEqual([]);
    const options = found(text, /npm run demo -- ([\w -]*)/g).flatMap((words) => words.trim().split(' '));
    expect(options.filter((option) => readOptions([option], true).kind === 'problem')).toEqual([]);
    const metrics = found(text, /\b(perennial_[a-z_]+)/g);
    expect(metrics.filter((name) => !code.includes(`'${name}'`))).toEqual([]);
    const addresses = found(text, /`(?:GET |POST )?\/(\w+z|metrics|messages|events|login)`/g);
    expect(addresses.filter((name) => !code.includes(`'/${name}'`))).toEqual([]);
  });
});

test('docs/library.md names every kind of close', () => {
  const [row = ''] = read('docs/library.md').match(/^\| `closed \(reason\)`.*$/m) ?? [];
  const kinds = found(row.slice(row.indexOf('is ')), /`([a-z-]+)`/g);
  expect(kinds.sort()).toEqual([...CLOSE_KINDS].sort());
});

describe('README.md', () => {
  const readme = read('README.md');

  test('README has each setting with its default', () => {
    const rows = [...readme.matchAll(/^\| `([A-Z_]+)` \| (?:`([^`]*)`|([^|]*?)) *\|/gm)];
    const written = Object.fromEntries(
      rows.map(([, name, quoted, plain]) => [name, quoted ?? plain?.trim() ?? '']),
    );
    const wanted = Object.entries(SETTINGS).map(([name, { byDefault }]) => [
      name,
      name === 'WA_VERSION' ? 'built in' : byDefault,
    ]);
    expect(written).toEqual(Object.fromEntries(wanted));
  });

  test('README has the exit codes of errors', () => {
    const codes: ErrorCode[] = ['SESSION_LOCKED', 'LOGGED_OUT', 'BAD_CONFIG'];
    for (const code of codes) expect(readme).toContain(`\`${new AppError(code, '').exitCode}\``);
  });

  test('README shows log lines and commands that exist', () => {
    expect(quotedLines(readme).length).toBeGreaterThan(10);
    const named = found(readme, /`!(\w+)/g);
    expect(named.filter((name) => !commands.includes(name))).toEqual([]);
  });

  test('README has every folder and file at the top of src in its map', () => {
    const map = readme.slice(readme.indexOf('src/\n'), readme.indexOf('tests/  '));
    const names = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .filter((name) => !existsSync(join(ROOT, 'src', `${name.slice(0, -1)}.ts`)));
    expect(names.filter((name) => !map.includes(name))).toEqual([]);
  });
});

describe('docs/demo.md', () => {
  const text = read('docs/demo.md');

  test('docs/demo.md has every order of the prompt, and no other', () => {
    for (const [order] of HELP) expect(text).toContain(`\`${order.split(' ')[0]}`);
    const named = found(text, /`(\/[a-z]+[^`]*)`/g);
    expect(named.filter((order) => readOrder(order).do === 'explain')).toEqual([]);
  });
});

describe('docs/operating.md', () => {
  test('docs/operating.md has a row for every exit code', () => {
    const rows = found(read('docs/operating.md'), /^\| ([\d, ]+) \|/gm).flatMap((row) => row.split(', '));
    expect(rows.map(Number)).toEqual(EXIT_CODES);
  });
});
