import type { Logger } from 'pino';
import { sleep } from '../../core/clock.ts';
import type { ListedNumber } from '../../core/typed-number.ts';
import { unlessAborted } from '../abortable.ts';
import type { NumberSocket, TypedNumbers } from './typed-numbers.ts';

/** How long messages of people who may be owners wait for the first answers. */
const FIRST_ANSWERS_WITHIN_MS = 5_000;
/** How often the bot checks whether it must look a number up. `TypedNumbers` decides about each. */
const LOOK_EVERY_MS = 60_000;
/**
 * How many numbers are looked up without a pause after a start. The next ones follow one a second, because WhatsApp
 * limits look-ups.
 */
const AT_ONCE = 10;
const THEN_EVERY_MS = 1_000;
/** After this number of look-ups in a row without an answer, WhatsApp is not asked again in this round. */
const MOST_UNANSWERED = 3;

export interface ListedNumbersParts {
  readonly listed: readonly ListedNumber[];
  readonly numbers: TypedNumbers;
  /** The socket of the open connection, if there is one. */
  readonly socket: () => NumberSocket | undefined;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** Asks WhatsApp for the numbers in the settings once it is connected, and warns of those that it does not know. */
export class ListedNumbers {
  readonly #parts: ListedNumbersParts;
  readonly #stopping = new AbortController();
  /** The places in the settings of the numbers that the log has warned of. */
  readonly #warned = new Set<string>();
  readonly #firstRound = new AbortController();
  #pause = new AbortController();
  #running: Promise<void> | undefined;
  #hasSaidSilence = false;

  constructor(parts: ListedNumbersParts) {
    this.#parts = parts;
  }

  /** Called at each opening of a connection. */
  opened(): void {
    this.#running ??= this.#run();
    this.#pause.abort();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#pause.abort();
    this.#firstRound.abort();
    await this.#running;
  }

  /** Resolves with the first answers, or some seconds after the first opening; undefined if none is waited for. */
  whenAsked(): Promise<void> | undefined {
    const { listed, numbers } = this.#parts;
    const { signal } = this.#firstRound;
    if (signal.aborted || listed.every(({ number }) => !numbers.mayAsk(number))) return undefined;
    return unlessAborted(new Promise<undefined>(() => {}), signal);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    if (this.#parts.listed.length === 0) return this.#firstRound.abort();
    const late = setTimeout(() => this.#firstRound.abort(), FIRST_ANSWERS_WITHIN_MS).unref();
    while (!signal.aborted) {
      this.#pause = new AbortController();
      await this.#round(signal);
      if (this.#parts.socket() !== undefined) this.#firstRound.abort();
      if (!signal.aborted) await sleep(LOOK_EVERY_MS, this.#pause.signal).catch(() => {});
    }
    clearTimeout(late);
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { listed, numbers, socket } = this.#parts;
    let asked = 0;
    let unanswered = 0;
    for (const one of listed) {
      const open = socket();
      if (signal.aborted || open === undefined || unanswered >= MOST_UNANSWERED) break;
      if (numbers.mayAsk(one.number)) {
        asked += 1;
        if (asked > AT_ONCE) await sleep(THEN_EVERY_MS, signal).catch(() => {});
        const answer = await unlessAborted(numbers.ask(one.number, open), signal);
        unanswered = answer === undefined ? unanswered + 1 : 0;
        if (answer === undefined) this.#saySilence();
      }
      this.#sayUnknown(one);
    }
  }

  #sayUnknown({ number, place }: ListedNumber): void {
    const { numbers, log } = this.#parts;
    if (numbers.answerTo(number)?.number !== null || this.#warned.has(place)) return;
    this.#warned.add(place);
    log.warn(
      { place },
      `${place}: WhatsApp knows no account with this number. Write it with its country code, as the profile of the person shows it.`,
    );
  }

  #saySilence(): void {
    if (this.#hasSaidSilence || this.#stopping.signal.aborted) return;
    this.#hasSaidSilence = true;
    this.#parts.log.warn(
      { numbers: this.#parts.listed.length },
      'WhatsApp did not say whether it knows the numbers in the settings. The bot uses them as they are written, and asks WhatsApp again.',
    );
  }
}
