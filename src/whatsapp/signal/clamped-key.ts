/**
 * A copy in the form of a private key that signatures need (RFC 7748, section 5). Agreements are the same with and
 * without it.
 */
export function clamped(privateKey: Uint8Array): Buffer {
  const key = Buffer.from(privateKey);
  key[0] = (key[0] ?? 0) & 248;
  key[31] = ((key[31] ?? 0) & 127) | 64;
  return key;
}
