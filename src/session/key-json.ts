import { BufferJSON, proto } from '@whiskeysockets/baileys';

/** A key as JSON, in the form of Baileys' `BufferJSON`. */
export function keyToJson(type: string, value: unknown): string {
  // Session records are plain strings and numbers already: without a replacer this is several times cheaper.
  return type === 'session' && !ArrayBuffer.isView(value)
    ? JSON.stringify(value)
    : JSON.stringify(value, BufferJSON.replacer);
}

/** The inverse. Throws where the text is not JSON, or not a value that this type can have. */
export function keyFromJson(type: string, json: string): unknown {
  const isPlain = type === 'session' && !json.startsWith('{"type":"Buffer"');
  const value: unknown = isPlain ? JSON.parse(json) : JSON.parse(json, BufferJSON.reviver);
  if (!fits(type, value)) throw new Error(`this is no ${type}`);
  return type === 'app-state-sync-key' && value
    ? proto.Message.AppStateSyncKeyData.fromObject(value as object)
    : value;
}

const OBJECTS: ReadonlySet<string> = new Set([
  'pre-key',
  'session',
  'sender-key',
  'sender-key-memory',
  'app-state-sync-key',
  'app-state-sync-version',
  'device-list',
  'tctoken',
  'identity-key',
]);

/** A lone digit, left over from a longer file, is good JSON. Stock files may hold `null` for "none". */
function fits(type: string, value: unknown): boolean {
  if (value === null || !OBJECTS.has(type)) return type !== 'lid-mapping' || typeof value === 'string';
  return typeof value === 'object';
}
