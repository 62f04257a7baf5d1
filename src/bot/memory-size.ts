/** Counted for each value beside its characters or bytes. */
const EACH_BYTES = 32;
/** How many values are counted at most. A message of a person has some dozens. */
const MAX_VALUES = 2_000;

/** Roughly how many bytes of memory plain data takes: strings, byte arrays, and what is in lists and objects. */
export function memorySize(data: unknown): number {
  let bytes = 0;
  const seen = new Set<object>();
  const left: unknown[] = [data];
  for (let looked = 0; left.length > 0 && looked < MAX_VALUES; looked += 1) {
    const value = left.pop();
    bytes += EACH_BYTES;
    if (typeof value === 'string') bytes += value.length;
    else if (value instanceof Uint8Array) bytes += value.byteLength;
    else if (typeof value === 'object' && value !== null && !seen.has(value)) {
      seen.add(value);
      for (const part of Array.isArray(value) ? value : Object.values(value)) left.push(part);
    }
  }
  return bytes;
}
