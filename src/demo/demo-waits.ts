import { on, once } from 'node:events';
import { qrPngPath } from '../pairing/qr-png.ts';
import { waitForQr } from '../simulator/pairing/qr-camera.ts';
import type { Stage } from './stage.ts';

/** The demo cannot go on. Told with the bot's last lines, if they have not been told yet. */
export class DemoProblem extends Error {
  readonly lastLines: readonly string[];

  constructor(message: string, lastLines: readonly string[]) {
    super(message);
    this.lastLines = lastLines;
  }
}

const DEADLINE_MS = 20_000;

/**
 * What `work` resolves with. Rejects with a `DemoProblem` if that takes longer than `deadlineMs` (default
 * 20,000) or the bot ends meanwhile, and with the signal's reason if everything is to end.
 */
export async function soon<T>(
  stage: Stage,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const { bot } = stage;
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let stopWatching = (): void => {};
  const trouble = new Promise<never>((_, reject) => {
    const onEnded = (): void => reject(new DemoProblem(`The bot ended before there was ${what}.`, []));
    const onLate = (): void => {
      const text = `There was no sign of ${what} in ${deadlineMs / 1000} seconds.`;
      reject(new DemoProblem(text, bot.lastLines));
    };
    const onAbort = (): void => reject(stage.signal.reason);
    timer = setTimeout(onLate, deadlineMs);
    bot.once('ended', onEnded);
    stage.signal.addEventListener('abort', onAbort, { once: true });
    if (stage.signal.aborted) onAbort();
    stopWatching = () => {
      bot.off('ended', onEnded);
      stage.signal.removeEventListener('abort', onAbort);
    };
  });
  try {
    return await Promise.race([work(AbortSignal.any([stage.signal, over.signal])), trouble]);
  } finally {
    clearTimeout(timer);
    stopWatching();
    over.abort();
  }
}

/**
 * The phone scans the code that the bot is about to show, as it shows it: from the picture. `look` is what comes
 * before the scan. Resolves when the bot is connected.
 */
export async function link(stage: Stage, look: () => Promise<void> = async () => {}): Promise<void> {
  const { bot, simulator } = stage;
  if (!bot.code) await soon(stage, 'a QR code', (signal) => once(bot, 'showed', { signal }));
  await look();
  const qr = await soon(stage, 'a picture of the QR code', (signal) =>
    waitForQr(qrPngPath(stage.sessionPath), signal),
  );
  await soon(stage, 'a connection', async (signal) => {
    const opened = once(simulator.events, 'opened', { signal });
    opened.catch(() => {});
    await simulator.phone.scan(qr);
    await opened;
  });
}

/** Resolves when all these questions (default: all) have an answer; false at the deadline. */
export async function answered(stage: Stage, deadlineMs: number, ids?: readonly string[]): Promise<boolean> {
  const isDone = (): boolean => {
    const { asked, answered: count } = stage.ledger.tally(ids);
    return asked === count;
  };
  const over = AbortSignal.any([stage.signal, AbortSignal.timeout(deadlineMs)]);
  while (!isDone()) {
    try {
      await once(stage, 'news', { signal: over });
    } catch {
      return isDone();
    }
  }
  return true;
}

/** Resolves when the bot writes something new in this place, or after `deadlineMs`. Never rejects. */
export async function wrote(stage: Stage, place: string, deadlineMs: number): Promise<void> {
  const over = AbortSignal.any([stage.signal, AbortSignal.timeout(deadlineMs)]);
  try {
    for await (const [news] of on(stage, 'news', { signal: over }))
      if (news.kind === 'wrote' && news.to === place && news.arrival.kind !== 'known') return;
  } catch {
    // over
  }
}

/**
 * Resolves when the bot connects or ends, when the demo ends, or after `deadlineMs`. The result does not tell which.
 */
export async function connectedOrEnded(stage: Stage, deadlineMs: number): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([stage.signal, over.signal, AbortSignal.timeout(deadlineMs)]);
  await Promise.race([
    once(stage.simulator.events, 'opened', { signal }),
    once(stage.bot, 'ended', { signal }),
  ]).catch(() => {});
  over.abort();
}
