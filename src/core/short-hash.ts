import { createHash } from 'node:crypto';

/** 22 characters (132 bits) of SHA-256, to recognise something without keeping it. */
export const shortHash = (data: string | Uint8Array): string =>
  createHash('sha256').update(data).digest('base64url').slice(0, 22);
