import type { WorkMarks } from '../../core/crash-history.ts';
import { isAppError } from '../../core/errors.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import { type MessageOutcome, noteOutcome, noteTime } from '../../core/messages/message-records.ts';
import { cutText } from '../../core/plain-text.ts';
import { runningHandler } from '../../core/running-handler.ts';
import type { WhenOpen } from '../command.ts';
import type { Context } from '../context.ts';
import { compose, type Middleware } from '../middleware.ts';
import { ConversationLog } from '../replay/conversation-log.ts';
import type { ConversationRow, StoredConversation } from '../replay/conversation-row.ts';
import { Replay, type ReplayParts } from '../replay/replay.ts';
import { sendId } from '../send/message-id.ts';
import { quotable } from '../send/quotable.ts';
import { DeadlineQueue } from './deadline-queue.ts';
import { HandlerContext } from './handler-context.ts';
import type { HandlerFacts, HandlerParts } from './handler-parts.ts';
import { HandlerRun, type RunEnd } from './handler-run.ts';
import { Interrupted } from './interrupted-error.ts';
import { decideVerdict, type RunResult } from './run-result.ts';
import { safeError } from './safe-error.ts';
import { Semaphore } from './semaphore.ts';
import { Suspects } from './suspects.ts';

export interface HandlerRunnerOptions extends Omit<HandlerParts, 'mediaSlots'> {
  readonly replay: ReplayParts;
  readonly middleware: readonly Middleware<Context>[];
  readonly limitMs: number;
  /** Whether senders see that their messages were read. Default false. */
  readonly marksRead?: boolean;
  readonly marks: WorkMarks;
}

export interface RunCounts {
  readonly answered: number;
  readonly failed: number;
  readonly unfinished: number;
  /** Handlers that run now. */
  readonly running: number;
}

/** One handler, and the message that it is run for. */
export interface HandlerTask extends HandlerFacts {
  readonly handler: ConversationRow['handler'];
  readonly whenOpen: WhenOpen;
  /** The conversation that goes on. */
  readonly stored: StoredConversation | undefined;
  run(ctx: Context): Promise<unknown> | unknown;
}

/** Longest sentence that the bot sends in place of an answer. */
const MAX_NOTICE_LENGTH = 4_096;

/** How many handlers may have files in memory: each file has up to 8 MiB, and many times that as pixels. */
const MEDIA_SLOTS = 4;

/** Runs handlers: around them the middleware and the time limit, and after them what the person is told. */
export class HandlerRunner {
  readonly #options: HandlerRunnerOptions;
  readonly #parts: HandlerParts;
  readonly #steps: Middleware<Context>;
  readonly #runs: DeadlineQueue<HandlerRun>;
  readonly #suspects: Suspects;
  readonly #counts = { answered: 0, failed: 0, unfinished: 0, running: 0 };

  constructor(options: HandlerRunnerOptions) {
    this.#options = options;
    this.#parts = { ...options, mediaSlots: new Semaphore<HandlerRun>(MEDIA_SLOTS) };
    this.#steps = compose(options.middleware);
    this.#runs = new DeadlineQueue(options.clock, options.limitMs);
    this.#suspects = new Suspects(options.clock, options.marks);
  }

  get counts(): RunCounts {
    return this.#counts;
  }

  /** What may have crashed the bot waits for its turn. */
  run(task: HandlerTask): Promise<RunResult> {
    return this.#suspects.run(task.message.key, () => this.#run(task));
  }

  async #run(task: HandlerTask): Promise<RunResult> {
    const run = new HandlerRun(this.#options.clock, this.#options.limitMs);
    const log = new ConversationLog(this.#options.replay, task, task.stored);
    const replay = new Replay(this.#options.replay, run, task.idKey, log);
    const ctx = new HandlerContext(this.#parts, run, replay, task);
    this.#runs.add(run);
    this.#counts.running += 1;
    // If this fails, only the blue ticks are missing.
    if (this.#options.marksRead) this.#options.messenger.markRead?.(task.message).catch(() => undefined);
    const { kind, name, file } = task.handler;
    const running = { kind, name, file, personText: task.message.text };
    const startedAtMs = this.#options.clock.now();
    const work = async () => {
      await this.#options.marks.noteStarted(task.message.key);
      await this.#steps(ctx, async () => void (await task.run(ctx)));
    };
    const end = await run.perform(() => runningHandler.run(running, work));
    noteTime(task.message.key, 'handlerMs', this.#options.clock.now() - startedAtMs);
    this.#parts.mediaSlots.release(run);
    this.#counts.running -= 1;
    this.#runs.delete(run);
    const verdictOf = end.kind === 'returned' ? endOfReplay(replay) : end;
    const result = await this.#conclude(verdictOf, run, task);
    await this.#keep(end, result, replay);
    return result;
  }

  /** Answers a message with a sentence of the bot. Its id is made from `sendNumber`, or from a word in its place. */
  async notify(
    message: IncomingMessage,
    sendNumber: number | string,
    text: string,
    idKey = message.key,
  ): Promise<RunResult> {
    const { chat, expirationSeconds } = message;
    const content = { kind: 'text', text: cutText(text, MAX_NOTICE_LENGTH) } as const;
    try {
      await this.#options.outbox.send({
        id: sendId(idKey, sendNumber),
        chat,
        content,
        quote: quotable(message),
        expirationSeconds,
      });
      return 'done';
    } catch (error) {
      if (error instanceof Interrupted || isAppError(error, 'SEND_TIMEOUT')) return 'unfinished';
      const facts = { messageId: message.id, err: safeError(error, '') };
      this.#options.log.warn(facts, 'could not send a notice');
      return 'done';
    }
  }

  /** Begins no work that may have crashed the bot from here on. */
  holdSuspects(): void {
    this.#suspects.stop();
  }

  /** Ends all handlers now. Their messages stay unfinished. */
  cutAll(): void {
    for (const run of [...this.#runs]) run.cut('stopping');
    this.#runs.stop();
  }

  /** A notice gets the next send number. If an earlier run already sent an answer under it, people keep that answer. */
  async #conclude(end: RunEnd, run: HandlerRun, task: HandlerTask): Promise<RunResult> {
    const { handler, message, idKey } = task;
    const verdict = decideVerdict(end);
    if (verdict.isFault) this.#logFault(end, task);
    const result =
      verdict.notice === undefined || handler.kind === 'schedule'
        ? verdict.result
        : await this.notify(message, run.nextSendNumber(), verdict.notice, idKey);
    noteOutcome(message.key, outcomeOf(result, verdict.isFault), handler.name);
    if (result === 'unfinished') this.#counts.unfinished += 1;
    else if (verdict.isFault) this.#counts.failed += 1;
    else if (handler.kind === 'command' || end.kind !== 'suspended') this.#counts.answered += 1;
    return result;
  }

  #logFault(end: RunEnd, { handler, message }: HandlerTask): void {
    const facts = { [handler.kind]: handler.name, file: handler.file, messageId: message.id };
    const { log } = this.#options;
    if (end.kind === 'changed') {
      const { at, wanted, found } = end;
      log.error(
        { ...facts, call: at, wanted, found },
        'a conversation does not fit its handler, so it was ended',
      );
    } else if (end.kind === 'threw')
      log.error({ ...facts, err: safeError(end.error, message.text) }, `a ${handler.kind} failed`);
    else log.error(facts, `a ${handler.kind} took too long and was given up`);
  }

  /** A conversation ends with its handler. It stays open while it waits or must be tried again. */
  async #keep(end: RunEnd, result: RunResult, replay: Replay): Promise<void> {
    const { storedId } = replay;
    const { runs } = this.#options.replay;
    if (storedId === undefined || end.kind === 'suspended') return;
    try {
      if (result === 'done') await runs.end(storedId);
      else await runs.noteOver(storedId);
    } catch {
      // A full disk: the next start finds the conversation as it was, and sends nothing twice.
    }
  }
}

/** If a handler ends before it has made all calls of its log, its code was changed since the conversation began. */
function endOfReplay(replay: Replay): RunEnd {
  const { leftOver } = replay;
  if (leftOver === undefined) return { kind: 'returned' };
  return { kind: 'changed', at: leftOver.at, wanted: 'the end', found: leftOver.kind };
}

function outcomeOf(result: RunResult, isFault: boolean): MessageOutcome {
  if (result === 'unfinished') return 'put-off';
  return isFault ? 'failed' : 'ran';
}
