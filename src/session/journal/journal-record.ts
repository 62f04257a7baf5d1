import { crc32 } from 'node:zlib';

/** One commit: key types (or tables) → ids → value as JSON text, `null` for a removal. */
export type Changes = Map<string, Map<string, string | null>>;

/** What journals hold. */
export interface DecodedJournals {
  /** All whole records, in the order of their numbers; a torn tail is not one of them. */
  readonly records: Changes[];
  /** The highest number; 0 if there is no record. */
  readonly sequence: number;
  /** Records that are missing or fail their checksum although later ones are whole: damage, not a kill. */
  readonly damaged: number;
  /** The indexes of the given contents, those with the oldest records first. */
  readonly order: readonly number[];
}

/**
 * A line is `CRC32 SEQUENCE JSON\n`: eight hex digits over the rest of the line, a number that only grows, and
 * `{"type":{"id":value}}`. Text, so that a person can read what happened last.
 */
export function encodeRecord(sequence: number, changes: Changes): Buffer {
  const types: string[] = [];
  for (const [type, values] of changes) {
    const ids: string[] = [];
    for (const [id, json] of values) ids.push(`${JSON.stringify(id)}:${json ?? 'null'}`);
    types.push(`${JSON.stringify(type)}:{${ids.join(',')}}`);
  }
  const body = Buffer.from(`${sequence} {${types.join(',')}}`);
  return Buffer.concat([Buffer.from(`${checksum(body)} `), body, Buffer.from('\n')]);
}

const checksum = (body: Uint8Array): string => crc32(body).toString(16).padStart(8, '0');

/** Reads journals. Records come in the order of their numbers; a repeated one counts once. */
export function decodeJournals(contents: readonly Buffer[]): DecodedJournals {
  const bySequence = new Map<number, Changes>();
  const spans = contents.map((content) => decodeInto(bySequence, content));
  const broken = spans.reduce((sum, { damaged }) => sum + damaged, 0);
  const ordered = [...bySequence].sort(([a], [b]) => a - b);
  const sequence = ordered.at(-1)?.[0] ?? 0;
  // One broken line may be the remains of many records; each missing number is one of them.
  const missing = sequence - (ordered[0]?.[0] ?? 1) + 1 - ordered.length;
  const order = [...spans.entries()]
    .sort(([, a], [, b]) => a.lowest - b.lowest || a.highest - b.highest)
    .map(([index]) => index);
  return {
    records: ordered.map(([, changes]) => changes),
    sequence,
    damaged: Math.max(broken, missing),
    order,
  };
}

interface Span {
  /** How many broken lines are followed by a whole one: those are damage; a broken last line is only torn. */
  damaged: number;
  lowest: number;
  highest: number;
}

function decodeInto(bySequence: Map<number, Changes>, content: Buffer): Span {
  const span: Span = { damaged: 0, lowest: Number.MAX_SAFE_INTEGER, highest: 0 };
  let brokenSinceWhole = 0;
  for (let start = 0; start < content.length; ) {
    const newline = content.indexOf(10, start);
    const record = newline === -1 ? undefined : decodeLine(content.subarray(start, newline));
    start = newline === -1 ? content.length : newline + 1;
    if (record) {
      bySequence.set(record.sequence, record.changes);
      span.lowest = Math.min(span.lowest, record.sequence);
      span.highest = Math.max(span.highest, record.sequence);
      span.damaged += brokenSinceWhole;
      brokenSinceWhole = 0;
    } else {
      brokenSinceWhole += 1;
    }
  }
  return span;
}

function decodeLine(line: Buffer): { sequence: number; changes: Changes } | undefined {
  const body = line.subarray(9);
  if (line[8] !== 32 || line.toString('latin1', 0, 8) !== checksum(body)) return undefined;
  const space = body.indexOf(32);
  const sequence = Number(body.toString('latin1', 0, space));
  const changes = decodeChanges(body.toString('utf8', space + 1));
  return changes && isSequence(sequence) ? { sequence, changes } : undefined;
}

/** A number near the largest exact one would leave no numbers for the records that follow. */
const isSequence = (value: number): boolean => Number.isSafeInteger(value) && value > 0 && value < 2 ** 52;

/** Undefined if the text is no record: a 32-bit checksum sometimes matches noise. */
function decodeChanges(text: string): Changes | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(parsed)) return undefined;
  const changes: Changes = new Map();
  for (const [type, values] of Object.entries(parsed)) {
    if (!isObject(values)) return undefined;
    const texts = Object.entries(values).map(([id, value]): [string, string | null] => [
      id,
      value === null ? null : JSON.stringify(value),
    ]);
    changes.set(type, new Map(texts));
  }
  return changes;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
