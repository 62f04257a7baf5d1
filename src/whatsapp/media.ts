import { downloadContentFromMessage, type MediaType } from '@whiskeysockets/baileys';
import type { IncomingMessage } from '../bot/ports.ts';
import { AppError, isAppError } from '../errors.ts';
import { mediaIn, type Origin } from './incoming.ts';

/**
 * The decrypted media of a message, at most `maxBytes` of it. Throws `MEDIA_REFUSED` where there is none, where
 * it is larger (whatever size the sender claimed), or where it cannot be had before the signal aborts.
 */
export async function downloadMedia(
  message: IncomingMessage,
  options: { readonly which: 'own' | 'quoted'; readonly maxBytes: number; readonly signal: AbortSignal },
  dispatcher: unknown,
): Promise<Uint8Array> {
  const media = mediaIn(message.origin as Origin, options.which);
  if (!media) throw refused('There is no media in this message. Send or quote some.');
  const { part, facts } = media;
  if ((facts.sizeBytes ?? 0) > options.maxBytes) throw tooLarge(options.maxBytes);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    const request = { signal: options.signal, ...(dispatcher ? { dispatcher } : {}) } as RequestInit;
    const stream = await downloadContentFromMessage(
      { mediaKey: part.mediaKey ?? null, directPath: part.directPath ?? null, url: part.url ?? null },
      facts.kind satisfies MediaType,
      { options: request },
    );
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      sizeBytes += chunk.length;
      if (sizeBytes > options.maxBytes) throw tooLarge(options.maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    if (isAppError(error)) throw error;
    throw refused('The media could not be downloaded. Send it again.', error);
  }
  return Buffer.concat(chunks);
}

const tooLarge = (maxBytes: number): AppError =>
  refused(`The media is larger than ${Math.round(maxBytes / 1024 / 1024)} MB. Send a smaller one.`);

const refused = (message: string, cause?: unknown): AppError =>
  new AppError('MEDIA_REFUSED', message, { cause });
