import type { IncomingMessage } from '../core/messages/incoming-message.ts';
import type { OutgoingMessage } from '../core/messages/outgoing-message.ts';
import { plainText } from '../core/plain-text.ts';
import { type PrunableTable, pruneAll } from '../core/prune-tables.ts';
import { type BotOptions, type BotParts, buildBotParts } from './bot-parts.ts';
import type { Ignored } from './intake/admission.ts';
import type { RouterCounts } from './intake/message-router.ts';
import type { RunCounts } from './run/handler-runner.ts';
import type { RunResult } from './run/run-result.ts';
import { safeError } from './run/safe-error.ts';

export type { BotOptions } from './bot-parts.ts';

const DONE = Promise.resolve<RunResult>('done');
const UNFINISHED = Promise.resolve<RunResult>('unfinished');

/** Takes messages, runs the commands in them, and sends the answers: in order in each chat, and chats in parallel. */
export class Bot {
  readonly #options: BotOptions;
  readonly #parts: BotParts;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: BotOptions) {
    this.#options = options;
    this.#parts = buildBotParts(options);
  }

  /** The counts that the status page and `!status` show. */
  get stats(): BotStats {
    return {
      ...this.#parts.router.counts,
      ...this.#parts.runner.counts,
      ...this.#parts.outbox.stats,
      ignored: this.#parts.filter.ignored,
      reminders: this.#parts.reminders.pending,
      setAside: setAsideBy(this.#parts),
    };
  }

  /** The bot's tables whose rows have a time limit. */
  get prunableTables() {
    const { edits, polls, reminders, runs, schedules, states } = this.#parts;
    return { 'chat-state': states, edits, polls, reminders, runs, schedules } satisfies Record<
      string,
      PrunableTable
    >;
  }

  /** Removes expired state and arms the stored reminders. A second call gets the same promise. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Settles soon after the grace. Handlers that still run are cut off, and nothing is sent from then on. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /**
   * `done` if nothing is left to do for this message, `unfinished` if it must be handed over again later.
   * The same message again gets the same promise. Never rejects.
   */
  handle(message: IncomingMessage): Promise<RunResult> {
    if (this.#stopping !== undefined) return UNFINISHED;
    try {
      const { id, name } = message.sender;
      if (typeof name === 'string') this.#parts.names.set(id, plainText(name.slice(0, 100)));
      return this.#parts.router.route(message);
    } catch (error) {
      this.#options.log.error({ err: safeError(error, '') }, 'could not route a message');
      return DONE;
    }
  }

  /**
   * Whether the bot has a use for a message without text and media: an event that a listener listens to, a vote in a
   * poll of the bot, a place or a contact that may be an answer. What it has no use for is not kept.
   */
  wants(message: IncomingMessage): boolean {
    const { event } = message;
    if (event?.kind === 'vote') return true;
    if (event?.kind === 'call' && this.#options.settings.declineCalls !== undefined) return true;
    if (event !== undefined) return this.#parts.listeners.wants(event.kind);
    return this.#parts.conversations.isAnyOpen || this.#parts.listeners.wants('message');
  }

  /**
   * Sends a message that answers no other, in the order of its chat and at the pace of everything else. Settles as
   * `Outbox.send` does.
   */
  send(message: OutgoingMessage): Promise<void> {
    return this.#parts.outbox.send(message);
  }

  /** Whether the bot may write to a chat before anybody there has written. `jid` must be from `chatAddress`. */
  mayWriteTo(jid: string): boolean {
    return this.#parts.mayWrite(jid);
  }

  async #start(): Promise<void> {
    const { log } = this.#options;
    // The open conversations are read below, and what is too old is left out there.
    await pruneAll({ ...this.prunableTables, runs: { prune: () => undefined } }, log);
    if (this.#stopping !== undefined) return;
    this.#parts.reminders.start();
    await this.#parts.conversations.start().catch((error: unknown) => {
      log.warn({ err: safeError(error, '') }, 'could not read the open conversations');
    });
    this.#parts.schedules.start();
  }

  async #stop(): Promise<void> {
    const { clock, stopGraceMs = 700 } = this.#options;
    const grace = new AbortController();
    this.#parts.conversations.stop();
    this.#parts.runner.holdSuspects();
    const idle = this.#parts.router.close();
    await Promise.race([idle, clock.sleep(stopGraceMs, grace.signal).catch(() => undefined)]);
    grace.abort();
    this.#parts.runner.cutAll();
    this.#parts.outbox.stop();
    this.#parts.filter.stop();
    await Promise.all([
      idle,
      this.#parts.schedules.stop(),
      this.#parts.reminders.stop(),
      this.#starting?.catch(() => undefined),
    ]);
  }
}

const setAsideBy = ({ reminders, conversations, schedules }: BotParts): number =>
  reminders.setAside + conversations.setAside + schedules.setAside;

export interface BotStats extends RunCounts, RouterCounts {
  readonly queued: number;
  readonly sent: number;
  readonly reminders: number;
  /** Reminders, conversations and times of schedules that were set aside since the start. */
  readonly setAside: number;
  readonly ignored: Readonly<Record<Ignored, number>>;
}
