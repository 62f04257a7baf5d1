import { createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import {
  DEFAULT_ORIGIN,
  getMediaKeys,
  type MediaType,
  type WAMessage,
  type WASocket,
} from '@whiskeysockets/baileys';
import { AppError, isAppError } from '../../core/errors.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import type { DownloadOptions } from '../../core/messages/messenger.ts';
import { noteRefusal } from '../../core/refusal-counts.ts';
import { underEither, unlessAborted } from '../abortable.ts';
import { sortAnswer } from '../send/answer-verdicts.ts';
import { addressOf } from './media-address.ts';
import type { MediaPart } from './message-content.ts';
import { type FoundMedia, mediaIn, type Origin } from './parse-message.ts';

/** Length of the MAC at the end of an encrypted file. */
const MAC_BYTES = 10;
const BLOCK_BYTES = 16;
/** How long the phone may take to upload a file again. */
const REUPLOAD_WITHIN_MS = 15_000;

/** The way to the media hosts, and to the phone that has the file. */
export interface MediaRoute {
  /** undici's dispatcher, if a proxy is set. */
  readonly dispatcher: unknown;
  readonly socketUrl: string;
  /** The socket of the open connection; undefined if there is none. */
  readonly socket: Pick<WASocket, 'refreshMediaConn' | 'updateMediaMessage'> | undefined;
}

/** A media host answered with an error. */
class MediaHostError extends Error {
  override readonly name = 'MediaHostError';
  readonly status: number;

  constructor(status: number) {
    super(`the media host answered with HTTP ${status}`);
    this.status = status;
  }
}

/**
 * The decrypted media of a message, at most `maxBytes` of it. If the file is no longer on the host, the account's phone
 * is asked once to upload it again. Throws `MEDIA_REFUSED` if the message has none, if the file is larger (whatever
 * size the sender claimed), if it was damaged or is gone, or if it does not arrive before the signal aborts.
 *
 * Baileys' own download is not used: it takes no signal and checks no MAC, and if the line is cut in the middle of
 * a file, an unhandled stream error ends the process (`downloadEncryptedContent` of 7.0.0-rc14).
 */
export async function downloadMedia(
  message: IncomingMessage,
  options: DownloadOptions,
  route: MediaRoute,
): Promise<Uint8Array> {
  const media = mediaIn(message.origin as Origin, options.which);
  if (!media) throw refused('There is no media in this message. Send or quote some.');
  const { facts } = media;
  if ((facts.sizeBytes ?? 0) > options.maxBytes) throw tooLarge(options.maxBytes);
  try {
    const blob = await fetchBlob(media, options, route);
    const kind = facts.kind satisfies MediaType;
    const file = decrypt(blob, await getMediaKeys(media.part.mediaKey ?? null, kind));
    if (file.length > options.maxBytes) throw tooLarge(options.maxBytes);
    return file;
  } catch (error) {
    if (isAppError(error)) throw error;
    throw refusalFor(error);
  }
}

/** The encrypted file; if the host has it no more, what the phone uploads again. */
async function fetchBlob(media: FoundMedia, options: DownloadOptions, route: MediaRoute): Promise<Buffer> {
  try {
    return await fetchPart(media.part, options, route);
  } catch (error) {
    const isGone = error instanceof MediaHostError && (error.status === 404 || error.status === 410);
    const again = isGone ? await uploadedAgain(media, options.signal, route) : undefined;
    if (!again) throw error;
    return fetchPart(again, options, route);
  }
}

async function fetchPart(part: MediaPart, options: DownloadOptions, route: MediaRoute): Promise<Buffer> {
  const mediaHost = async (): Promise<string | undefined> =>
    (await route.socket?.refreshMediaConn(false))?.hosts[0]?.hostname;
  const url = await addressOf(part, route.socketUrl, mediaHost);
  if (!url) throw refused('The media is not on a media host of WhatsApp. Send it again.');
  return download(url, options, route.dispatcher);
}

/** Asks the account's phone to upload a file again. Undefined if it does not, or not in time. */
async function uploadedAgain(
  { part, facts, key }: FoundMedia,
  signal: AbortSignal,
  { socket }: MediaRoute,
): Promise<MediaPart | undefined> {
  if (!socket || !part.mediaKey) return undefined;
  // The library changes the path of the object that it gets.
  const copy = { ...part };
  const message = { key, message: { [`${facts.kind}Message`]: copy } } as WAMessage;
  const asking = socket.updateMediaMessage(message).then(() => true);
  asking.catch(() => {});
  const isUploaded = await underEither([signal, AbortSignal.timeout(REUPLOAD_WITHIN_MS)], (either) =>
    unlessAborted(asking, either),
  );
  // Without a host: the file is on whichever host WhatsApp names now.
  return isUploaded ? { ...copy, url: null } : undefined;
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
    throw new MediaHostError(response.status);
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

const tooLarge = (maxBytes: number): AppError =>
  refused(`The media is larger than ${Math.round(maxBytes / 1024 / 1024)} MB. Send a smaller one.`);

function refusalFor(error: unknown): AppError {
  if (!(error instanceof MediaHostError))
    return refused('The media could not be downloaded. Send it again.', error);
  const verdict = sortAnswer('download', { kind: 'error', code: error.status });
  noteRefusal(`media-${error.status}`);
  const why = verdict.kind === 'dead' ? 'The media host does not answer.' : verdict.why;
  return refused(`${why} ${verdict.kind === 'refused' ? 'Send it again.' : 'Try again later.'}`, error);
}

const refused = (message: string, cause?: unknown): AppError =>
  new AppError('MEDIA_REFUSED', message, { cause });
