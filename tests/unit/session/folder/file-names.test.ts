import { expect, test } from 'vitest';
import { keyFileName } from '../../../../src/session/folder/file-names.ts';

/** As `fixFileName` of `useMultiFileAuthState`. */
const stockName = (type: string, id: string): string =>
  `${type}-${id}.json`.replaceAll('/', '__').replaceAll(':', '-');

test.each([
  ['pre-key', '812'],
  ['session', '15550200001_1.0'],
  ['sender-key', '1203630@g.us::15550200001_1::0'],
  ['app-state-sync-key', 'AAAA/+8='],
  ['tctoken', 'naïve name'],
  ['lid-mapping', 'x'.repeat(220)],
])('the key %s %s lies in the file of the stock layout', (type, id) => {
  expect(keyFileName(type, id)).toBe(stockName(type, id));
});

test.each([
  ['a name that is too long', 'session', 'x'.repeat(251)],
  ['a name with a NUL', 'session', 'a\0b'],
  ['a name with a lone surrogate', 'session', 'a\ud800'],
  ['the name of a page of a table', 'table', 'sent-1'],
])('for %s the file of a key is named by a hash', (_, type, id) => {
  expect(keyFileName(type, id)).toMatch(/^key-[0-9a-f]{64}\.json$/);
});
