import fc from 'fast-check';

/** Every code point but the half surrogates, of which fast-check makes no list as it does for `unit: 'binary'`. */
const codePoint = fc
  .integer({ min: 0, max: 0x10ffff - 0x800 })
  .map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800));

/**
 * The strings of `fc.string({ unit: 'binary' })`, names such as `__proto__` included. That unit would cost each worker
 * a second and a map of a million entries.
 */
export function anyText(length: fc.StringSharedConstraints = {}): fc.Arbitrary<string> {
  return fc.oneof(fc.string({ ...length, unit: codePoint }), fc.string(length));
}
