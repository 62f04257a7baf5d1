/**
 * A copy of `value` as JSON keeps it. Throws a `TypeError` that names the place of the first part that JSON would lose
 * or change: a function, a Date, a Map, NaN, a bigint, a circle.
 */
export function jsonCopy(value: unknown, place: string): unknown {
  checkJson(value, place, new Set());
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

function checkJson(value: unknown, place: string, above: Set<object>): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return;
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${place} is ${value}, which JSON cannot keep`);
      return;
    case 'object':
      break;
    default:
      throw new TypeError(`${place} is a ${typeof value}, which JSON cannot keep`);
  }
  if (value === null) return;
  if (above.has(value)) throw new TypeError(`${place} contains itself, which JSON cannot keep`);
  above.add(value);
  if (Array.isArray(value)) {
    // A hole is skipped by `forEach`.
    for (const [index, item] of value.entries()) {
      if (item === undefined) throw new TypeError(`${place}[${index}] is undefined, which JSON cannot keep`);
      checkJson(item, `${place}[${index}]`, above);
    }
    if (Object.keys(value).length > value.length)
      throw new TypeError(`${place} is a list with further fields, which JSON cannot keep`);
  } else {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      const { name } = (value as { constructor?: { name?: string } }).constructor ?? {};
      throw new TypeError(
        `${place} is ${name === undefined ? 'a special object' : `of the class ${name}`}, which JSON cannot keep`,
      );
    }
    if (Object.getOwnPropertySymbols(value).length > 0)
      throw new TypeError(`${place} has a field whose name is a symbol, which JSON cannot keep`);
    for (const [key, part] of Object.entries(value)) checkJson(part, `${place}.${key}`, above);
  }
  above.delete(value);
}
