import { BufferJSON, proto } from '@whiskeysockets/baileys';

/**
 * A key as JSON, in the form of Baileys' `BufferJSON`. Session records and pre-keys are written without its replacer,
 * because the replacer makes `JSON.stringify` several times slower.
 */
export function keyToJson(type: string, value: unknown): string {
  // Session records are plain strings and numbers already.
  if (type === 'session' && !ArrayBuffer.isView(value)) return JSON.stringify(value);
  const keyPair = type === 'pre-key' ? keyPairToJson(value as object) : undefined;
  return keyPair ?? JSON.stringify(value, BufferJSON.replacer);
}

/** Undefined if it has anything but buffers. A first login stores 812 of them at once. */
function keyPairToJson(value: object): string | undefined {
  let members = '';
  for (const [name, key] of Object.entries(value)) {
    if (!Buffer.isBuffer(key)) return undefined;
    // Base64 has no character that JSON escapes.
    const member = `${JSON.stringify(name)}:{"type":"Buffer","data":"${key.toString('base64')}"}`;
    members += members === '' ? member : `,${member}`;
  }
  return `{${members}}`;
}

/** The inverse. Throws if the text is not JSON, or not a value that this type can have. */
export function keyFromJson(type: string, json: string): unknown {
  if (KNOWN.has(type) && NOT_ASCII.test(json)) throw new Error('noise');
  const isPlain = type === 'session' && !json.startsWith('{"type":"Buffer"');
  const value: unknown = isPlain ? JSON.parse(json) : JSON.parse(json, strictReviver);
  if (!fits(type, value)) throw new Error(`this is no ${type}`);
  return type === 'app-state-sync-key' && value
    ? proto.Message.AppStateSyncKeyData.fromObject(value as object)
    : value;
}

/** As Baileys' own, but damaged base64 is an error: Node.js would skip characters that it does not know. */
export function strictReviver(name: string, value: unknown): unknown {
  if (typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer') {
    const data = 'data' in value ? value.data : undefined;
    if (typeof data === 'string' && !BASE64.test(data)) throw new Error('these bytes are damaged');
  }
  return BufferJSON.reviver(name, value);
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** None of the values that Baileys keeps has other characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the bounds of ASCII
const NOT_ASCII = /[^\x00-\x7f]/;

const KINDS: Readonly<Record<string, 'object' | 'string'>> = {
  'pre-key': 'object',
  session: 'object',
  'sender-key': 'object',
  'sender-key-memory': 'object',
  'app-state-sync-key': 'object',
  'app-state-sync-version': 'object',
  'lid-mapping': 'string',
  'device-list': 'object',
  tctoken: 'object',
  'identity-key': 'object',
};
const KNOWN: ReadonlySet<string> = new Set(Object.keys(KINDS));

/** A single digit, left over from a longer file, is valid JSON. Files of Baileys' own store may hold `null`. */
function fits(type: string, value: unknown): boolean {
  return value === null || !KNOWN.has(type) || typeof value === KINDS[type];
}
