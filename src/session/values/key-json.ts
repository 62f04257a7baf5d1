import { BufferJSON, proto } from '@whiskeysockets/baileys';

/** A key as JSON, in the form of Baileys' `BufferJSON`. Its replacer is several times dearer than none. */
export function keyToJson(type: string, value: unknown): string {
  // Session records are plain strings and numbers already.
  if (type === 'session' && !ArrayBuffer.isView(value)) return JSON.stringify(value);
  if (isKeyPair(type, value)) {
    return JSON.stringify(
      Object.fromEntries(Object.entries(value).map(([name, key]) => [name, bytesToJson(key)])),
    );
  }
  return JSON.stringify(value, BufferJSON.replacer);
}

/** A first login stores 812 of them at once. */
function isKeyPair(type: string, value: unknown): value is Record<string, Uint8Array> {
  if (type !== 'pre-key' || typeof value !== 'object' || value === null) return false;
  return Object.values(value).every((key) => key instanceof Uint8Array);
}

const bytesToJson = (bytes: Uint8Array): object => ({
  type: 'Buffer',
  data: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
});

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
