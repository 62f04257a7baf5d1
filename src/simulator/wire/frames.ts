import { inflateSync } from 'node:zlib';
import { decodeDecompressedBinaryNode, encodeBinaryNode, NOISE_WA_HEADER } from '@whiskeysockets/baileys';
import * as dictionary from '@whiskeysockets/baileys/lib/WABinary/constants.js';
import type { Stanza } from './stanza.ts';

/** The largest stanza that is accepted from a client. */
const MAX_STANZA_BYTES = 16 * 1024 * 1024;

/** Cuts a client's byte stream into frames: an intro once, then three bytes of length and that many bytes. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);
  #hasIntro = false;

  /** Returns the complete frames. Throws if the stream does not begin with WhatsApp's intro. */
  push(bytes: Buffer): Buffer[] {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    if (!this.#hasIntro && !this.#skipIntro()) return [];
    const frames: Buffer[] = [];
    while (this.#pending.length >= 3) {
      const end = 3 + this.#pending.readUIntBE(0, 3);
      if (this.#pending.length < end) break;
      frames.push(this.#pending.subarray(3, end));
      this.#pending = this.#pending.subarray(end);
    }
    return frames;
  }

  #skipIntro(): boolean {
    if (this.#pending.length < 7) return false;
    // Routing information from an earlier login may come first: "ED", a version, its length.
    const isRouted = this.#pending.toString('latin1', 0, 2) === 'ED';
    const start = isRouted ? 7 + this.#pending.readUIntBE(4, 3) : 0;
    const end = start + NOISE_WA_HEADER.length;
    if (this.#pending.length < end) return false;
    if (!this.#pending.subarray(start, end).equals(NOISE_WA_HEADER)) throw new Error('not a WhatsApp client');
    this.#pending = this.#pending.subarray(end);
    this.#hasIntro = true;
    return true;
  }
}

export function frame(payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(3 + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes.set(payload, 3);
  return bytes;
}

export function encodeStanza(node: Stanza): Buffer {
  return encodeBinaryNode(node);
}

/** Throws if the bytes are not a stanza. */
export function decodeStanza(bytes: Buffer): Stanza {
  const isCompressed = (bytes.readUInt8(0) & 2) !== 0;
  const body = bytes.subarray(1);
  const plain = isCompressed ? inflateSync(body, { maxOutputLength: MAX_STANZA_BYTES }) : body;
  return decodeDecompressedBinaryNode(plain, dictionary);
}
