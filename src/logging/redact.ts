import { AppError, systemCode } from '../core/errors.ts';
import { mapStack } from './mapped-stack.ts';
import type { Masker } from './mask.ts';

const HIDDEN = '[hidden]';
const MAX_DEPTH = 4;
const MAX_ITEMS = 20;

/** Names of fields whose strings and objects are never shown; numbers and booleans in them are. */
const SECRET_PART =
  /secret|private|privkey|passw|passphrase|token|cred|signature|pairingcode|plaintext|cipher|ratchet|cookie|authori[sz]ation|conversation|caption/;
const SECRET_END = /keys?$|keypair$|seed$|mac$/;
const SECRET_NAMES = new Set([
  'qr',
  'text',
  'body',
  'content',
  'message',
  'messages',
  'noise',
  'identity',
  'adv',
  'auth',
  'data',
]);

function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[^a-z]/g, '');
  return SECRET_NAMES.has(plain) || SECRET_PART.test(plain) || SECRET_END.test(plain);
}

/** Facts as a log may have them: plain values, bounded in depth and width, without secrets. */
export function redactFacts(facts: object, mask: Masker, depth = 0): Record<string, unknown> {
  const shown: Array<[string, unknown]> = [];
  for (const [name, value] of Object.entries(facts)) {
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') continue;
    if (shown.length === MAX_ITEMS) {
      shown.push(['…', `${Object.keys(facts).length} in all`]);
      break;
    }
    // Pino writes the names of a child's facts as they are, so they must need no escape in JSON.
    shown.push([mask(name).replace(/[\s"\\]/g, ' '), redactField(name, value, mask, depth)]);
  }
  return Object.fromEntries(shown);
}

function redactField(name: string, value: unknown, mask: Masker, depth: number): unknown {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  if (isSecretName(name)) return HIDDEN;
  // `code` is an error's code, or a pairing code: eight letters of an alphabet without 0, I, O and U.
  if (name === 'code' && typeof value === 'string' && /^(?!E[A-Z]+$)[1-9A-HJ-NP-TV-Z]{8}$/.test(value))
    return HIDDEN;
  return redactValue(value, mask, depth);
}

function redactValue(value: unknown, mask: Masker, depth: number): unknown {
  if (typeof value === 'string') return mask(value);
  if (typeof value === 'bigint') return mask(String(value));
  if (typeof value !== 'object' || value === null) return value;
  const bytes = byteLength(value);
  if (bytes !== undefined) return `[${bytes} bytes]`;
  if (value instanceof Error) return describeError(value, mask, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'no date' : value.toISOString();
  if (value instanceof URL) return mask(value.href);
  if (value instanceof Map || value instanceof Set) return `[${value.size} entries]`;
  if (depth >= MAX_DEPTH) return '[…]';
  if (!Array.isArray(value)) return redactFacts(value, mask, depth + 1);
  const items = value.slice(0, MAX_ITEMS).map((item) => redactValue(item, mask, depth + 1));
  return value.length > MAX_ITEMS ? [...items, `${value.length} in all`] : items;
}

/** The length of anything that holds bytes: a Buffer, a list of bytes, and what JSON makes of them. */
function byteLength(value: object): number | undefined {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength;
  if ('type' in value && value.type === 'Buffer' && 'data' in value) {
    return Array.isArray(value.data) || typeof value.data === 'string' ? value.data.length : 0;
  }
  // An array, or a Uint8Array that went through JSON: {"0":17,"1":…}.
  const isIndexed = Array.isArray(value) || ('0' in value && '7' in value);
  const items: unknown[] = isIndexed ? Object.values(value) : [];
  if (items.length < 8) return undefined;
  const isByte = (item: unknown): boolean =>
    Number.isInteger(item) && Number(item) >= 0 && Number(item) < 256;
  return items.every(isByte) ? items.length : undefined;
}

/** An error as facts. An `AppError` gets no stack, because it is not a bug and its message is complete. */
function describeError(error: Error, mask: Masker, depth = 0): Record<string, unknown> {
  const described: Record<string, unknown> = { type: mask(error.name), message: mask(textOf(error)) };
  const code = systemCode(error);
  if (code !== undefined) described.code = mask(code);
  const statusCode = statusCodeOf(error);
  if (statusCode !== undefined) described.statusCode = statusCode;
  if (error.cause instanceof Error && depth < MAX_DEPTH)
    described.cause = describeError(error.cause, mask, depth + 1);
  if (!(error instanceof AppError) && error.stack !== undefined)
    described.stack = mask(mapStack(error.stack));
  return described;
}

/** A failed connection to all addresses of a host has no message of its own. */
function textOf(error: Error): string {
  if (error.message !== '' || !(error instanceof AggregateError)) return error.message;
  return error.errors.map((one) => (one instanceof Error ? one.message : 'unknown')).join('; ');
}

/** The status code of a Boom error of any version. */
export function statusCodeOf(error: Error): number | undefined {
  if (!('output' in error) || typeof error.output !== 'object' || error.output === null) return undefined;
  if (!('statusCode' in error.output)) return undefined;
  return typeof error.output.statusCode === 'number' ? error.output.statusCode : undefined;
}
