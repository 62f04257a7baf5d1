import type { Log } from '../../core/log.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import type { Messenger } from '../../core/messages/messenger.ts';
import type { BotSettings } from '../bot-settings.ts';
import type { LoadedCommand } from '../loading/command-registry.ts';
import type { LoadedListener, LoadedSchedule } from '../loading/listener-registry.ts';
import type { ConversationStore } from '../replay/conversation-store.ts';
import { noteVote, type Polls } from '../state/polls.ts';
import type { CommandTasks } from './command-tasks.ts';
import type { HandlerRunner, HandlerTask } from './handler-runner.ts';
import { listenerTask } from './listener-task.ts';
import type { RunResult } from './run-result.ts';
import { scheduleMessage, scheduleTask } from './schedule-task.ts';
import type { Senders } from './senders.ts';

export interface MessageHandlersParts {
  readonly settings: Pick<BotSettings, 'declineCalls'>;
  readonly messenger: Pick<Messenger, 'declineCall'>;
  readonly log: Log;
  readonly senders: Senders;
  readonly tasks: CommandTasks;
  readonly runner: HandlerRunner;
  readonly polls: Polls;
  readonly runs: ConversationStore;
}

/** Does what a message, or a time of a schedule, asks for. No method rejects because of an author's error. */
export class MessageHandlers {
  readonly #parts: MessageHandlersParts;

  constructor(parts: MessageHandlersParts) {
    this.#parts = parts;
  }

  /** `rest` is the text after the command's name. */
  command(message: IncomingMessage, loaded: LoadedCommand, rest: string): Promise<RunResult> {
    const { senders, tasks } = this.#parts;
    return this.#run(message, () => tasks.taskOf(message, loaded, rest, senders.factsOf(message)));
  }

  listener(message: IncomingMessage, loaded: LoadedListener): Promise<RunResult> {
    return this.#run(message, () => listenerTask(message, loaded, this.#parts.senders.factsOf(message)));
  }

  /** Whether the message is for the bot: in a direct chat, by a mention, or as an answer to the bot. */
  isAddressed(message: IncomingMessage): boolean {
    return this.#parts.senders.isAddressed(message);
  }

  /** The handler of a schedule, unless the log of an earlier run says that it has ended. */
  schedule(loaded: LoadedSchedule, dueAtMs: number): Promise<RunResult> {
    const { runs, runner } = this.#parts;
    const message = scheduleMessage(loaded.name, dueAtMs);
    const earlier = runs.withMessage(message.key);
    if (earlier?.row.isEnded) return Promise.resolve('done');
    return runner.run(scheduleTask(message, loaded, earlier));
  }

  /** Counts a vote in a poll of the bot. */
  vote(message: IncomingMessage): Promise<void> {
    return noteVote(message, this.#parts.polls, this.#parts.log);
  }

  /** Whether calls are declined. Otherwise they ring. */
  get declinesCalls(): boolean {
    return this.#parts.settings.declineCalls !== undefined;
  }

  /** Declines a call and answers with a sentence, which is sent even if the call cannot be declined any more. */
  async call(message: IncomingMessage): Promise<RunResult> {
    const { messenger, runner, settings } = this.#parts;
    const { event, chat } = message;
    if (event?.kind === 'call') await messenger.declineCall?.(event.callId, chat).catch(() => undefined);
    return runner.notify(message, 'declined', settings.declineCalls ?? '');
  }

  /** Answers a message with a sentence of the bot. */
  notice(message: IncomingMessage, text: string): Promise<RunResult> {
    return this.#parts.runner.notify(message, 1, text);
  }

  async #run(message: IncomingMessage, task: () => HandlerTask): Promise<RunResult> {
    const known = this.#parts.senders.whenKnown(message);
    if (known) await known;
    return this.#parts.runner.run(task());
  }
}
