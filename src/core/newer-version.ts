/** The first version if it is newer than the second, part by part; else undefined. */
export function ifNewer<V extends readonly number[]>(version: V, than: readonly number[]): V | undefined {
  const different = version.findIndex((part, index) => part !== than[index]);
  if (different === -1) return undefined;
  return (version[different] ?? 0) > (than[different] ?? 0) ? version : undefined;
}
