import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** Files of the libraries that are repaired or relied on, and the start of the SHA-256 of each. */
const HASHES: Readonly<Record<string, string>> = {
  '@whiskeysockets/baileys/lib/Socket/socket.js': 'ff8b19ff02491fa0',
  '@whiskeysockets/baileys/lib/Socket/chats.js': '1e70aea7b1164d92',
  '@whiskeysockets/baileys/lib/Socket/messages-recv.js': '850445e6f9e076b1',
  '@whiskeysockets/baileys/lib/Socket/messages-send.js': '81387f00b457ea28',
  '@whiskeysockets/baileys/lib/Utils/crypto.js': '4d12873691b0a50e',
  '@whiskeysockets/baileys/lib/Utils/noise-handler.js': '970f9526ce0e5a6b',
  '@whiskeysockets/baileys/lib/Utils/companion-reg-client-utils.js': 'dee36dbf5c36a2b0',
  '@whiskeysockets/baileys/lib/Signal/libsignal.js': 'dd6a0349067a131e',
  'libsignal/src/session_cipher.js': '031b3282489ffec6',
  'libsignal/src/curve.js': 'a45c682103f1ab04',
};

const root = fileURLToPath(new URL('../../', import.meta.url));
const require = createRequire(import.meta.url);
const baileys = dirname(require.resolve('@whiskeysockets/baileys/package.json'));
const libsignal = dirname(createRequire(join(baileys, 'lib/index.js')).resolve('libsignal/package.json'));

function hashOf(file: string): string {
  const path = file.startsWith('libsignal/')
    ? join(libsignal, file.slice('libsignal/'.length))
    : join(baileys, file.slice('@whiskeysockets/baileys/'.length));
  return createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);
}

const rows = readFileSync(join(root, 'docs/wire.md'), 'utf8')
  .split('## Repairs of the libraries')[1]
  ?.split('\n')
  .filter((line) => /^\| `/.test(line))
  .map((line) => [...line.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code));

test('docs/wire.md lists the files of the libraries that are repaired, each once', () => {
  expect(rows?.map(([file]) => file).sort()).toEqual(Object.keys(HASHES).sort());
});

test('docs/wire.md names the files that repair them', () => {
  const ours = rows?.flatMap((row) => row.filter((code) => /^whatsapp\/.*\.ts$/.test(code))) ?? [];
  expect(ours.length).toBeGreaterThan(0);
  expect(ours.filter((file) => !existsSync(join(root, 'src', file)))).toEqual([]);
});

test.each(Object.entries(HASHES))(
  'the file %s of a library is the one that the repairs were made for',
  (file, hash) => {
    expect(hashOf(file)).toBe(hash);
  },
);
