import { expect, test } from 'vitest';
import { lidMappingOf } from '../../../../src/whatsapp/signal/signal-repository.ts';

test('a version of Baileys without a map of LIDs is refused with a sentence that says what to do', () => {
  expect(() => lidMappingOf({})).toThrow(/needs Baileys 7\.0\.0-rc13 or newer.*useDurableAuthState\(\)/);
});
