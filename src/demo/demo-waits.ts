import { on, once } from 'node:events';
import { qrPngPath } from '../pairing/qr-png.ts';
import { waitForQr } from '../simulator/pairing/qr-camera.ts';
import type { DemoSetup } from './demo-setup.ts';

/** The demo cannot go on. Told with the bot's last lines, if they have not been told yet. */
export class DemoProblem extends Error {
  readonly lastLines: readonly string[];

  constructor(message: string, lastLines: readonly string[]) {
    super(message);
    this.lastLines = lastLines;
  }
}

const DEADLINE_MS = 20_000;
const HEAR_WITHIN_MS = 4_000;

/**
 * What `work` resolves with. Rejects with a `DemoProblem` if that takes longer than `deadlineMs` (default
 * 20,000) or the bot ends meanwhile, and with the signal's reason if everything is to end.
 */
export async function soon<T>(
  setup: DemoSetup,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const { bot } = setup;
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let stopWatching = (): void => {};
  const trouble = new Promise<never>((_, reject) => {
    const onEnded = (): void => reject(new DemoProblem(`The bot ended before there was ${what}.`, []));
    const onLate = (): void => {
      const text = `There was no sign of ${what} in ${deadlineMs / 1000} seconds.`;
      reject(new DemoProblem(text, bot.lastLines));
    };
    const onAbort = (): void => reject(setup.signal.reason);
    timer = setTimeout(onLate, deadlineMs);
    bot.once('ended', onEnded);
    setup.signal.addEventListener('abort', onAbort, { once: true });
    if (setup.signal.aborted) onAbort();
    stopWatching = () => {
      bot.off('ended', onEnded);
      setup.signal.removeEventListener('abort', onAbort);
    };
  });
  try {
    return await Promise.race([work(AbortSignal.any([setup.signal, over.signal])), trouble]);
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
export async function link(setup: DemoSetup, look: () => Promise<void> = async () => {}): Promise<void> {
  const { bot, simulator } = setup;
  if (!bot.code) await soon(setup, 'a QR code', (signal) => once(bot, 'showed', { signal }));
  await look();
  const qr = await soon(setup, 'a picture of the QR code', (signal) =>
    waitForQr(qrPngPath(setup.sessionPath), signal),
  );
  await soon(setup, 'a connection', async (signal) => {
    const opened = once(simulator.events, 'opened', { signal });
    opened.catch(() => {});
    await simulator.phone.scan(qr);
    await opened;
  });
}

/** Resolves when all these questions (default: all) have an answer; false at the deadline. */
export async function answered(
  setup: DemoSetup,
  deadlineMs: number,
  ids?: readonly string[],
): Promise<boolean> {
  const isDone = (): boolean => {
    const { asked, answered: count } = setup.ledger.tally(ids);
    return asked === count;
  };
  const over = AbortSignal.any([setup.signal, AbortSignal.timeout(deadlineMs)]);
  while (!isDone()) {
    try {
      await once(setup, 'news', { signal: over });
    } catch {
      return isDone();
    }
  }
  return true;
}

/** Resolves when the bot writes something new in this place, or after `deadlineMs`. Never rejects. */
export async function wrote(setup: DemoSetup, place: string, deadlineMs: number): Promise<void> {
  const over = AbortSignal.any([setup.signal, AbortSignal.timeout(deadlineMs)]);
  try {
    for await (const [news] of on(setup, 'news', { signal: over }))
      if (news.kind === 'wrote' && news.to === place && news.arrival.kind !== 'known') return;
  } catch {
    // The wait has ended.
  }
}

/**
 * Resolves when the bot connects or ends, when the demo ends, or after `deadlineMs`. The result does not tell which.
 */
export async function connectedOrEnded(setup: DemoSetup, deadlineMs: number): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([setup.signal, over.signal, AbortSignal.timeout(deadlineMs)]);
  await Promise.race([
    once(setup.simulator.events, 'opened', { signal }),
    once(setup.bot, 'ended', { signal }),
  ]).catch(() => {});
  over.abort();
}

/** Resolves when the bot has written these words to somebody. */
export async function heardFrom(setup: DemoSetup, place: string, words: string): Promise<void> {
  while (setup.ledger.count(place, words) === 0) await once(setup, 'news', { signal: setup.signal });
}

/** Waits until the bot has printed a line with `text`, at most `HEAR_WITHIN_MS`. A missing line is no failure. */
export async function heard(text: string, { bot, signal }: DemoSetup): Promise<void> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(HEAR_WITHIN_MS)]);
  while (!bot.lines.some((line) => line.includes(text)) && !over.aborted) {
    await once(bot, 'printed', { signal: over }).catch(() => {});
  }
}
