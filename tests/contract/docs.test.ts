import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { SETTINGS } from '../../src/config/settings.ts';
import { AppError, type ErrorCode } from '../../src/errors.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const docs = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);
const code = sources.map((name) => read(join('src', name))).join('\n');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

describe.each(docs)('%s', (path) => {
  const text = read(path);

  test('names only scripts that exist', () => {
    const named = [...text.matchAll(/npm run (?:--silent )?([a-z:]+)/g)].map(([, name]) => name ?? '');
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test('links only to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link ?? '');
    expect(links.filter((link) => !existsSync(join(ROOT, dirname(path), link)))).toEqual([]);
  });

  test('names only settings that exist', () => {
    const named = [...text.matchAll(/`([A-Z]{2,}(?:_[A-Z]+)+)(?:=[^`]*)?`/g)].map(([, name]) => name ?? '');
    const codes =
      /`(SESSION_LOCKED|SESSION_UNUSABLE|STORAGE_FAILED|SEND_REFUSED|SEND_TIMEOUT|NOT_CONNECTED|MEDIA_REFUSED|NO_COLOR|NODE_EXTRA_CA_CERTS|HTTP_PROXY|HTTPS_PROXY|NO_PROXY)/;
    expect(named.filter((name) => !(name in SETTINGS) && !codes.test(`\`${name}`))).toEqual([]);
  });
});

describe('README.md', () => {
  const readme = read('README.md');

  test('has each setting with its default', () => {
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

  test('has the exit codes that errors mean', () => {
    const codes: ErrorCode[] = ['SESSION_LOCKED', 'LOGGED_OUT', 'BAD_CONFIG'];
    for (const code of codes) expect(readme).toContain(`\`${new AppError(code, '').exitCode}\``);
  });

  test('shows log lines that the program says', () => {
    const shown = [...readme.matchAll(/^\[(?:INFO|WARN|ERROR)\] (.+)$/gm)].map(([, line]) => line ?? '');
    // Numbers and paths come from variables.
    const parts = shown.flatMap((line) => line.split(/\(401\)|\d+|\.\/sessions|(?<=status: )\w+/));
    expect(shown.length).toBeGreaterThan(5);
    expect(
      parts.map((part) => part.trim()).filter((part) => part.length > 3 && !code.includes(part)),
    ).toEqual([]);
  });

  test('has every folder and file of src in its map', () => {
    const map = readme.slice(readme.indexOf('src/\n'), readme.indexOf('tests/  '));
    const names = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .filter((name) => !existsSync(join(ROOT, 'src', `${name.slice(0, -1)}.ts`)));
    expect(names.filter((name) => !map.includes(name))).toEqual([]);
  });
});
