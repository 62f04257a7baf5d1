import type { Clock } from '../../core/clock.ts';
import { isAppError } from '../../core/errors.ts';
import type { IncomingMessage, MediaKind } from '../../core/messages/incoming-message.ts';
import type { Messenger } from '../../core/messages/messenger.ts';
import { phrases } from '../phrases.ts';
import { Refusal } from '../refusal.ts';

/** Limits for `ctx.media()`. */
export interface MediaOptions {
  /** Another message than the one that came: an answer to `ctx.ask()`. */
  readonly of?: IncomingMessage;
  /** Largest file that is fetched, in bytes. Default 8 MiB. */
  readonly maxBytes?: number;
  /** How long fetching may take, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
}

/** A file that a person sent. All fields except the bytes are claims of the sender. */
export interface Media {
  /** The kind of media that it was sent as. */
  readonly kind: MediaKind;
  /** The MIME type that the sender claims. */
  readonly mimetype: string;
  /** The file name, if it was sent as a document. */
  readonly fileName: string | undefined;
  /** The file itself, decrypted. */
  readonly bytes: Uint8Array;
}

/**
 * The media of a message, else of the one it quotes, else `undefined`. Throws a `Refusal` if it is too large
 * (whatever size was claimed), takes too long, or is gone.
 */
export async function fetchMedia(
  messenger: Messenger,
  clock: Clock,
  message: IncomingMessage,
  options: MediaOptions,
  signal: AbortSignal,
): Promise<Media | undefined> {
  const which = message.media === undefined ? 'quoted' : 'own';
  const media = message.media ?? message.quotedMedia;
  if (media === undefined) return undefined;
  const { maxBytes = 8 * 1024 * 1024, timeoutMs = 30_000 } = options;
  const tooLarge = phrases.fileTooLarge(Math.floor(maxBytes / 1_048_576) || 1);
  if ((media.sizeBytes ?? 0) > maxBytes) throw new Refusal(tooLarge);
  const { kind, mimetype, fileName } = media;
  const bytes = await withTimeout(clock, timeoutMs, signal, (limited) =>
    messenger.download(message, { which, maxBytes, signal: limited }),
  );
  if (bytes.length > maxBytes) throw new Refusal(tooLarge);
  return { kind, mimetype, fileName, bytes };
}

async function withTimeout<T>(
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener('abort', abort, { once: true });
  const late = new Refusal(phrases.fileTooSlow);
  const timer = clock.sleep(timeoutMs, controller.signal).then(
    () => {
      controller.abort(late);
      throw late;
    },
    () => {
      throw signal.reason;
    },
  );
  try {
    return await Promise.race([work(controller.signal), timer]);
  } catch (error) {
    // The messenger may report the abort in any way.
    if (controller.signal.reason === late) throw late;
    if (isAppError(error, 'MEDIA_REFUSED')) throw new Refusal(phrases.fileGone, { cause: error });
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
    timer.catch(() => undefined);
    controller.abort();
  }
}
