import { createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import { DEFAULT_ORIGIN, getMediaKeys, getUrlFromDirectPath, type MediaType } from '@whiskeysockets/baileys';
import { AppError, isAppError } from '../../core/errors.ts';
import type { IncomingMessage } from '../../core/messages.ts';
import { mediaIn, type Origin } from './parse-message.ts';

/** Length of the MAC at the end of an encrypted file. */
const MAC_BYTES = 10;
const BLOCK_BYTES = 16;

/**
 * The decrypted media of a message, at most `maxBytes` of it. Throws `MEDIA_REFUSED` if the message has none, if
 * the file is larger (whatever size the sender claimed), if it was damaged, or if it does not arrive before the
 * signal aborts.
 *
 * Baileys' own download is not used: it takes no signal and checks no MAC, and if the line is cut in the middle of
 * a file, an unhandled stream error ends the process (`downloadEncryptedContent` of 7.0.0-rc14).
 */
export async function downloadMedia(
  message: IncomingMessage,
  options: { readonly which: 'own' | 'quoted'; readonly maxBytes: number; readonly signal: AbortSignal },
  way: { readonly dispatcher: unknown; readonly socketUrl: string },
): Promise<Uint8Array> {
  const media = mediaIn(message.origin as Origin, options.which);
  if (!media) throw refused('There is no media in this message. Send or quote some.');
  const { part, facts } = media;
  if ((facts.sizeBytes ?? 0) > options.maxBytes) throw tooLarge(options.maxBytes);
  try {
    const url = part.directPath ? getUrlFromDirectPath(part.directPath, hostOf(part.url)) : part.url;
    if (!url) throw refused('The media has no address. Send it again.');
    if (!isAllowedHost(url, way.socketUrl))
      throw refused('The media is not on a host of WhatsApp. Send it again.');
    const blob = await download(url, options, way.dispatcher);
    const file = decrypt(blob, await getMediaKeys(part.mediaKey ?? null, facts.kind satisfies MediaType));
    if (file.length > options.maxBytes) throw tooLarge(options.maxBytes);
    return file;
  } catch (error) {
    if (isAppError(error)) throw error;
    throw refused('The media could not be downloaded. Send it again.', error);
  }
}

/**
 * Whether a file may be fetched from this address. The sender of a message names the host, so only WhatsApp's own
 * hosts are allowed: otherwise a stranger could make the bot send requests into its own network. If the bot is
 * connected to another server than WhatsApp's, any host is allowed.
 */
export function isAllowedHost(url: string, socketUrl: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, protocol } = new URL(url);
  if (!/(^|\.)whatsapp\.(com|net)$/.test(new URL(socketUrl).hostname)) return true;
  return protocol === 'https:' && /(^|\.)whatsapp\.net$/.test(hostname);
}

async function download(
  url: string,
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
  dispatcher: unknown,
): Promise<Buffer> {
  const headers = { origin: DEFAULT_ORIGIN };
  // Node's types are of another version of undici.
  const init: object = { headers, signal, redirect: 'error', ...(dispatcher ? { dispatcher } : {}) };
  const response = await fetch(url, init);
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new Error(`the media host answered with HTTP ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes + BLOCK_BYTES + MAC_BYTES) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

type MediaKeys = Awaited<ReturnType<typeof getMediaKeys>>;

/** AES-256-CBC, followed by the first bytes of an HMAC-SHA256 over IV and ciphertext. */
function decrypt(blob: Buffer, { iv, cipherKey, macKey }: MediaKeys): Buffer {
  const ciphertext = blob.subarray(0, -MAC_BYTES);
  const mac = createHmac('sha256', macKey ?? '')
    .update(iv)
    .update(ciphertext)
    .digest();
  const sent = blob.subarray(-MAC_BYTES);
  if (sent.length !== MAC_BYTES || !timingSafeEqual(mac.subarray(0, MAC_BYTES), sent)) {
    throw refused('The media was damaged on its way. Send it again.');
  }
  const cipher = createDecipheriv('aes-256-cbc', cipherKey, iv);
  return Buffer.concat([cipher.update(ciphertext), cipher.final()]);
}

function hostOf(url: string | null | undefined): string | undefined {
  return url && URL.canParse(url) ? new URL(url).host : undefined;
}

const tooLarge = (maxBytes: number): AppError =>
  refused(`The media is larger than ${Math.round(maxBytes / 1024 / 1024)} MB. Send a smaller one.`);

const refused = (message: string, cause?: unknown): AppError =>
  new AppError('MEDIA_REFUSED', message, { cause });
