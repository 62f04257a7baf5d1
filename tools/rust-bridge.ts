/**
 * Stands for `whatsapp-rust-bridge` (0.5.4) in the bundle. To compile its WebAssembly takes a twentieth of a start, and
 * a login needs only HKDF, which Node.js has as well. The rest is loaded at its first call: it is for app state.
 */
import { createHash, hkdfSync } from 'node:crypto';
import type * as RustBridge from 'whatsapp-rust-bridge';

/** HKDF with SHA-256 (RFC 5869). */
export const hkdf: typeof RustBridge.hkdf = (key, length, { salt, info }) =>
  new Uint8Array(hkdfSync('sha256', key, salt ?? '', info ?? '', length));

export const md5: typeof RustBridge.md5 = (bytes) => new Uint8Array(createHash('md5').update(bytes).digest());

export const expandAppStateKeys: typeof RustBridge.expandAppStateKeys = (key) =>
  load().expandAppStateKeys(key);

export class LTHashAntiTampering {
  #hash: RustBridge.LTHashAntiTampering | undefined;

  subtractThenAdd(...change: Parameters<RustBridge.LTHashAntiTampering['subtractThenAdd']>): Uint8Array {
    this.#hash ??= new (load().LTHashAntiTampering)();
    return this.#hash.subtractThenAdd(...change);
  }
}

const load = (): typeof RustBridge => require('whatsapp-rust-bridge');
