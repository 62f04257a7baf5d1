/**
 * Throws a `TypeError` for a field that a description does not have: JavaScript has no types, and a typing error would
 * be ignored.
 */
export function checkFields(spec: object, known: readonly string[]): void {
  const strange = Object.keys(spec).find((name) => !known.includes(name));
  if (strange !== undefined) throw new TypeError(`"${strange}" is not known. Known are: ${known.join(', ')}`);
}
