import type { Clock } from '../../core/clock.ts';
import { poisonLimit } from '../../core/crash-history.ts';
import { noteLimitReached } from '../../core/limits/limit-counts.ts';
import type { LimitName } from '../../core/limits/limits.ts';
import { LIMITS } from '../../core/limits/limits.ts';
import type { Log } from '../../core/log.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import { withRecordOf } from '../../core/messages/message-records.ts';
import type { Messenger } from '../../core/messages/messenger.ts';
import { RecentMap } from '../../core/recent-map.ts';
import type { MessageQueue } from '../intake/message-queue.ts';
import { phrases } from '../phrases.ts';
import type { HandlerRunner } from '../run/handler-runner.ts';
import type { RunResult } from '../run/run-result.ts';
import type { StoredTasks } from '../run/stored-task.ts';
import { answerQuestion } from './answer-question.ts';
import type { StoredConversation } from './conversation-row.ts';
import { isInProgress, waitingFor } from './conversation-row.ts';
import type { ConversationStore } from './conversation-store.ts';

export interface ConversationsOptions {
  readonly runs: ConversationStore;
  readonly clock: Clock;
  readonly log: Log;
  freeze(message: IncomingMessage): string;
  thaw(text: string): IncomingMessage | undefined;
  readonly messenger: Pick<Messenger, 'whenOpen'>;
  readonly queue: Pick<MessageQueue, 'inOrder'>;
  readonly tasks: StoredTasks;
  readonly runner: HandlerRunner;
}

/** How often the options of one question are listed. */
const MOST_LISTS = 3;
/** Longest timer: timers stand still while the machine sleeps. */
const LOOK_EVERY_MS = 60_000;
/** How long after the first connection messages of the time before may still come. */
const CATCH_UP_MS = 10_000;
/** A conversation that could not go on is tried again after this time. */
const AGAIN_MS = 60_000;

/** Lets conversations go on: when an answer comes, when a time limit or a sleep has ended, and after a start. */
export class Conversations {
  readonly #options: ConversationsOptions;
  /** How often the options of each question were listed after something that is none of them. */
  readonly #listed = new RecentMap<number>(LIMITS['recent:people'].count / 2);
  /** When to try again what could not go on, by the key of the row. */
  readonly #againAtMs = new Map<string, number>();
  /** Rows whose handler is queued or runs. */
  readonly #inProgress = new Set<string>();
  readonly #stopping = new AbortController();
  /** From this time on, all answers that were sent while the bot was away have arrived. */
  #answersCameAtMs = Number.POSITIVE_INFINITY;
  #setAside = 0;
  #isStarted = false;
  #wait: AbortController | undefined;

  constructor(options: ConversationsOptions) {
    this.#options = options;
  }

  /** Whether any conversation is open. */
  get isAnyOpen(): boolean {
    return this.#options.runs.isAnyOpen;
  }

  /** How many were set aside since the start. */
  get setAside(): number {
    return this.#setAside;
  }

  /** Reads the open conversations, and continues those that were in progress. */
  async start(): Promise<void> {
    await this.#options.runs.load();
    this.#isStarted = true;
    const { clock, messenger } = this.#options;
    messenger.whenOpen(this.#stopping.signal).then(
      () => {
        this.#answersCameAtMs = clock.now() + CATCH_UP_MS;
        this.arm();
      },
      () => undefined, // stopped
    );
    for (const { id, row } of this.#options.runs.all()) {
      // `Schedules` runs these again itself.
      if (isInProgress(row) && row.handler.kind !== 'schedule')
        this.#queue({ id, row }, () => this.#goOnAfterStart(id));
    }
    this.arm();
  }

  stop(): void {
    this.#stopping.abort();
    this.#wait?.abort();
  }

  /** Whether the sender has an open conversation in the chat. */
  has(message: IncomingMessage): boolean {
    return this.#options.runs.of(message.chat, message.sender.jid) !== undefined;
  }

  /** Whether a conversation had this message before: it began it, or it was an answer. */
  knows(messageKey: string): boolean {
    return this.#options.runs.withMessage(messageKey) !== undefined;
  }

  /** The names of the listeners that began a conversation with this message. */
  listenersOf(messageKey: string): string[] {
    const begun = this.#options.runs.allWithMessage(messageKey).map(({ row }) => row);
    return begun.flatMap(({ handler, messageKey: first }) =>
      handler.kind === 'listener' && first === messageKey ? [handler.name] : [],
    );
  }

  /** A message of a conversation came again, because it was not finished. Must run in the order of the chat. */
  async again(messageKey: string): Promise<RunResult> {
    let result: RunResult = 'done';
    for (const { id, row } of this.#options.runs.allWithMessage(messageKey)) {
      if (!isInProgress(row)) continue;
      const one = await withRecordOf(messageKey, row.messageKey, () => this.#goOn(id));
      if (one === 'unfinished') result = one;
    }
    return result;
  }

  /**
   * Gives a message to the open question of its sender; undefined if it answers none. Must run in the order of the
   * chat.
   */
  async offer(message: IncomingMessage): Promise<RunResult | undefined> {
    const found = this.#options.runs.of(message.chat, message.sender.jid);
    if (found === undefined) return undefined;
    const mayList = (question: string) => this.#mayList(question);
    const taken = await answerQuestion(message, found, { ...this.#options, mayList });
    if (taken !== 'answered') return taken;
    return withRecordOf(message.key, found.row.messageKey, () => this.#goOn(found.id));
  }

  /** Without this limit two bots could answer each other for ever, because the loop guard does not look at answers. */
  #mayList(question: string): boolean {
    const times = this.#listed.get(question) ?? 0;
    this.#listed.set(question, times + 1);
    return times < MOST_LISTS;
  }

  /** Sets the timer for the next time that something is due. */
  arm(): void {
    this.#wait?.abort();
    if (!this.#isStarted || this.#stopping.signal.aborted) return;
    const dueAtMs = Math.min(...this.#options.runs.all().map((run) => this.#dueAtMs(run)));
    if (dueAtMs === Number.POSITIVE_INFINITY) return;
    this.#wait = new AbortController();
    const waitMs = Math.min(LOOK_EVERY_MS, Math.max(0, dueAtMs - this.#options.clock.now()));
    this.#options.clock.sleep(waitMs, this.#wait.signal).then(
      () => this.#wake(),
      () => undefined,
    );
  }

  #dueAtMs({ id, row }: StoredConversation): number {
    if (this.#inProgress.has(id)) return Number.POSITIVE_INFINITY;
    const waiting = waitingFor(row);
    // Answers that were sent while the bot was away come first.
    if (waiting?.kind === 'ask') return Math.max(waiting.untilMs, this.#answersCameAtMs);
    return waiting?.untilMs ?? this.#againAtMs.get(id) ?? Number.POSITIVE_INFINITY;
  }

  #wake(): void {
    const now = this.#options.clock.now();
    for (const run of this.#options.runs.all())
      if (this.#dueAtMs(run) <= now) this.#queue(run, () => this.#due(run.id));
    this.arm();
  }

  /** Waits for a connection first, so that a program that ends without one does not count as a crash of it. */
  #queue({ id, row }: StoredConversation, work: () => Promise<RunResult>): void {
    this.#inProgress.add(id);
    this.#againAtMs.delete(id);
    this.#options.queue.inOrder(row.chat, async () => {
      try {
        await this.#options.messenger.whenOpen(this.#stopping.signal);
        return await work();
      } catch (error) {
        if (this.#stopping.signal.aborted) return 'unfinished';
        throw error;
      } finally {
        this.#inProgress.delete(id);
        this.arm();
      }
    });
  }

  /** The time limit of its question, or its sleep, has ended. */
  async #due(id: string): Promise<RunResult> {
    const { runs, clock } = this.#options;
    const row = runs.get(id);
    if (row === undefined) return 'done';
    const waiting = waitingFor(row);
    if (waiting !== undefined && waiting.untilMs > clock.now()) return 'done';
    if (waiting?.kind === 'ask') await runs.answer(id, row, { kind: 'timed-out' });
    else await runs.wake(id, row);
    return this.#goOn(id);
  }

  async #goOn(id: string): Promise<RunResult> {
    const { runs, log, thaw, tasks, runner, clock } = this.#options;
    const row = runs.get(id);
    if (row === undefined) return 'done';
    const message = thaw(row.message);
    const task = message && tasks.taskOf({ id, row }, message);
    if (message === undefined || task === undefined) {
      const { name, file } = row.handler;
      log.error({ name, file }, 'could not continue a conversation: its handler or message is gone');
      await runs.end(id);
      return message === undefined ? 'done' : runner.notify(message, 'gone', phrases.changed);
    }
    const result = await runner.run(task);
    if (result === 'unfinished' && !this.#stopping.signal.aborted)
      this.#againAtMs.set(id, clock.now() + AGAIN_MS);
    this.arm();
    return result;
  }

  /** The conversation was in progress when the program ended, and may have crashed it. */
  async #goOnAfterStart(id: string): Promise<RunResult> {
    const { runs } = this.#options;
    const row = runs.get(id);
    if (row === undefined || !isInProgress(row)) return 'done';
    const limit = poisonLimit(row);
    if (limit !== undefined) return this.#giveUp({ id, row }, limit);
    return this.#goOn(id);
  }

  async #giveUp({ id, row }: StoredConversation, limit: LimitName): Promise<RunResult> {
    const { runs, log, thaw, runner } = this.#options;
    const { name, file } = row.handler;
    noteLimitReached(limit);
    this.#setAside += 1;
    log.error(
      { name, file, crashes: (row.crashes ?? 0) + (row.waits ?? 0) },
      'a conversation is set aside: the bot crashed each time that it went on',
    );
    // First, so that a crash of the notice is the last one.
    await runs.end(id);
    const message = thaw(row.message);
    return message === undefined ? 'done' : runner.notify(message, 'set aside', phrases.setAside);
  }
}
