import type { FileSystem } from '../folder/file-system.ts';

const CHUNK_BYTES = 1024 * 1024;
/** A larger entry ends the reading: no row of ours has this size. */
const LARGEST_ENTRY_BYTES = 32 * 1024 * 1024;

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const OPENING: ReadonlySet<number> = new Set([0x7b, 0x5b]);
const CLOSING: ReadonlySet<number> = new Set([0x7d, 0x5d]);

/**
 * The entries of a file with one JSON object that is too large to be one string, as far as they can be read: a damaged
 * entry ends it. Returns whether all of it was read. Memory holds one entry and one chunk at a time.
 */
export function* largeObjectEntries(
  fs: FileSystem,
  path: string,
): Generator<[id: string, value: unknown], boolean> {
  const scanner = new EntryScanner();
  for (const chunk of chunksOf(fs, path)) {
    for (const entry of scanner.scan(chunk)) {
      const parsed = parseEntry(entry);
      if (!parsed) return false;
      yield parsed;
    }
    if (scanner.isTooLarge) return false;
  }
  return scanner.isAtEnd;
}

function* chunksOf(fs: FileSystem, path: string): Generator<Buffer> {
  const fd = fs.openSync(path, 'r');
  try {
    const { size } = fs.fstatSync(fd);
    for (let position = 0; position < size; ) {
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, size - position));
      const count = fs.readSync(fd, chunk, 0, chunk.length, position);
      if (count === 0) return;
      position += count;
      yield chunk.subarray(0, count);
    }
  } finally {
    fs.closeSync(fd);
  }
}

function parseEntry(entry: string): [string, unknown] | undefined {
  try {
    return Object.entries(JSON.parse(`{${entry}}`))[0];
  } catch {
    return undefined;
  }
}

/** Cuts the text of an object at the commas between its entries. */
class EntryScanner {
  #depth = 0;
  #hasBegun = false;
  #isInString = false;
  #isEscaped = false;
  #parts: Buffer[] = [];
  #bytes = 0;

  /** Whether the object has been closed. */
  get isAtEnd(): boolean {
    return this.#hasBegun && this.#depth === 0;
  }

  get isTooLarge(): boolean {
    return this.#bytes > LARGEST_ENTRY_BYTES;
  }

  *scan(chunk: Buffer): Generator<string> {
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) this.#isInString = false;
      } else if (byte === QUOTE) {
        this.#isInString = true;
      } else if (OPENING.has(byte)) {
        this.#depth += 1;
        this.#hasBegun = true;
        if (this.#depth === 1) start = at + 1;
      } else if (CLOSING.has(byte)) {
        this.#depth -= 1;
        if (this.#depth === 0) yield* this.#take(chunk.subarray(start, at));
      } else if (byte === COMMA && this.#depth === 1) {
        yield* this.#take(chunk.subarray(start, at));
        start = at + 1;
      }
    }
    if (this.#depth > 0) this.#keep(Buffer.from(chunk.subarray(start)));
  }

  *#take(last: Buffer): Generator<string> {
    this.#keep(last);
    const entry = Buffer.concat(this.#parts).toString();
    this.#parts = [];
    this.#bytes = 0;
    if (entry.trim() !== '') yield entry;
  }

  #keep(part: Buffer): void {
    this.#parts.push(part);
    this.#bytes += part.length;
  }
}
