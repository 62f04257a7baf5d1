import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(`${ROOT}docs/wire.md`, 'utf8');
const section = /## How each change is tested\n(.*?)\n## /s.exec(page)?.[1] ?? '';
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| what'))
  .map((line) => line.split('|').map((cell) => cell.trim()));
const quoted = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');

test('docs/wire.md names a test for each change, and each file that it names is there', () => {
  expect(rows).toHaveLength(24);
  for (const [, what, switches = '', own = '', plain = ''] of rows) {
    expect([switches, plain], what).not.toContain('');
    expect(quoted(own), what).not.toEqual([]);
    const missing = [...quoted(own), ...quoted(plain)]
      .filter((name) => /^(?:unit|integration|contract)\//.test(name))
      .filter((name) => !existsSync(`${ROOT}tests/${name}.test.ts`));
    expect(missing, what).toEqual([]);
  }
});

test('each switch that docs/wire.md names is in the simulator', () => {
  const folder = `${ROOT}src/simulator`;
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(`${folder}/${path}`, 'utf8'))
    .join('\n');
  for (const [, what, switches = ''] of rows) {
    for (const name of quoted(switches)) {
      const words = name.replace(/'[^']*'/g, '').match(/[A-Za-z]{3,}/g) ?? [];
      expect(
        words.filter((word) => !sources.includes(word)),
        what,
      ).toEqual([]);
    }
  }
});
