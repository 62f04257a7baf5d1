import { expect, test } from 'vitest';
import { formatBytes } from '../../../src/core/format-bytes.ts';

test.each([
  [0, '0 bytes'],
  [1023, '1023 bytes'],
  [1024, '1.0 KB'],
  [1024 * 1024 - 1, '1024 KB'],
  [150 * 1024, '150 KB'],
  [5 * 1024 ** 3, '5.0 GB'],
  [4000 * 1024 ** 4, '4000 TB'],
])('formatBytes writes %i as %s', (bytes, words) => expect(formatBytes(bytes)).toBe(words));
