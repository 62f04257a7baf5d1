import { describe, expect, it } from 'vitest';
import {
  installedVersions,
  REPAIRED_VERSIONS,
  versionWarning,
} from '../../../src/whatsapp/library-versions.ts';

describe('versionWarning', () => {
  it('there is no warning about the versions of the libraries that are installed here', () => {
    expect(installedVersions()).toEqual(REPAIRED_VERSIONS);
    expect(versionWarning(installedVersions())).toBeUndefined();
  });

  it('the warning names in one line each library that has another version', () => {
    const warning = versionWarning({ '@whiskeysockets/baileys': '7.0.0-rc15', libsignal: '6.0.1' });
    expect(warning).toContain('@whiskeysockets/baileys is 7.0.0-rc15 in place of 7.0.0-rc14');
    expect(warning).toContain('libsignal is 6.0.1 in place of 6.0.0');
    expect(warning).not.toContain('\n');
  });
});
