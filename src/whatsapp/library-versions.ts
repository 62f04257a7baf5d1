import { createRequire } from 'node:module';

/** The versions whose faults are repaired here. docs/wire.md lists the repairs. */
export const REPAIRED_VERSIONS = { '@whiskeysockets/baileys': '7.0.0-rc14', libsignal: '6.0.0' } as const;

type Library = keyof typeof REPAIRED_VERSIONS;

/** The versions that are installed. */
export function installedVersions(): Record<Library, string> {
  const require = createRequire(import.meta.url);
  const baileys = '@whiskeysockets/baileys';
  // Baileys may have a copy of libsignal of its own.
  const requireOfBaileys = createRequire(require.resolve(baileys));
  return {
    [baileys]: versionIn(require(`${baileys}/package.json`)),
    libsignal: versionIn(requireOfBaileys('libsignal/package.json')),
  };
}

const versionIn = (manifest: unknown): string => String((manifest as { version?: unknown }).version);

/** A sentence for the log if a library has another version than its repairs are for; undefined if none has. */
export function versionWarning(installed: Readonly<Record<Library, string>>): string | undefined {
  const others = (Object.keys(REPAIRED_VERSIONS) as Library[])
    .filter((name) => installed[name] !== REPAIRED_VERSIONS[name])
    .map((name) => `${name} is ${installed[name]} in place of ${REPAIRED_VERSIONS[name]}`);
  if (others.length === 0) return undefined;
  return `${others.join(', ')}: repairs of the library may not fit. Install the versions in package-lock.json.`;
}
