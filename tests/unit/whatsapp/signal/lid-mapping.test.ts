import { expect, test } from 'vitest';
import { lidMappingOf } from '../../../../src/whatsapp/signal/signal-repository.ts';

test('a version of Baileys without a map of LIDs is refused with a sentence that says what to do', () => {
  const message = expect.stringMatching(/7\.0\.0-rc13.*useDurableAuthState\(\)/);
  expect(() => lidMappingOf({})).toThrow(expect.objectContaining({ code: 'BAD_CONFIG', message }));
});
