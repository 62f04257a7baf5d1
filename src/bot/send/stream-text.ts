import type { Clock } from '../../core/clock.ts';
import { cutText, MAX_TEXT_LENGTH } from '../../core/plain-text.ts';

/** WhatsApp refuses edits at a faster pace. */
const EDIT_EVERY_MS = 2_000;
/** A shorter beginning is not shown. */
const MIN_BEGIN = 20;
/**
 * How many edits of one message are sent at most, without the last one. Text that comes later is shown in the last one.
 */
const MAX_EDITS = 20;

/** How the growing text is shown. Each call sends under an id of its own, the same when the handler runs again. */
export interface StreamTarget {
  /** Whether an earlier run has shown the beginning. */
  readonly wasBegun: boolean;
  begin(text: string): Promise<void>;
  grow(text: string, edit: number): Promise<void>;
  /** Shows the whole text in place of what was shown before. */
  finish(text: string): Promise<void>;
}

/**
 * Shows a text as it comes. Whatever an earlier run had shown when it was killed, the whole text is shown in the end.
 */
export async function streamText(
  pieces: AsyncIterable<string>,
  target: StreamTarget,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  let text = '';
  let isBegun = false;
  let edits = 0;
  let shownAtMs = Number.NEGATIVE_INFINITY;
  for await (const piece of pieces) {
    signal.throwIfAborted();
    text = cutText(text + piece, MAX_TEXT_LENGTH - 2);
    const isEnough = text.trim().length >= MIN_BEGIN && edits < MAX_EDITS;
    if (!isEnough || clock.now() - shownAtMs < EDIT_EVERY_MS) continue;
    if (isBegun) {
      edits += 1;
      await target.grow(`${text} …`, edits);
    } else await target.begin(`${text} …`);
    isBegun = true;
    shownAtMs = clock.now();
  }
  if (!isBegun) await target.begin(text);
  if (isBegun || target.wasBegun) await target.finish(text);
}
