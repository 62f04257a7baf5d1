import { Deadlines } from '../../core/deadlines.ts';
import { isAppError } from '../../core/errors.ts';
import type { IncomingMessage } from '../../core/messages.ts';
import { cutText, plainText } from '../../core/text.ts';
import { parseArgs, usageOf } from '../args.ts';
import type { Command } from '../command.ts';
import type { CommandInfo, Context } from '../context.ts';
import type { CommandLine } from '../intake/parse-command.ts';
import type { CommandRegistry, LoadedCommand } from '../loading/command-registry.ts';
import { compose, type Middleware } from '../middleware.ts';
import { Refusal } from '../refusal.ts';
import { sendId } from '../send/message-id.ts';
import { Cooldowns } from './cooldown.ts';
import { HandlerContext, type HandlerParts } from './handler-context.ts';
import { HandlerRun, type RunEnd } from './handler-run.ts';
import { Interrupted } from './interrupted.ts';
import { decideVerdict, type Outcome } from './outcome.ts';
import { accessOf, checkAccess, checkCooldown } from './permission-check.ts';
import { safeError } from './safe-error.ts';
import { Semaphore } from './semaphore.ts';

export interface CommandRunnerOptions extends Omit<HandlerParts, 'usableCommands' | 'mediaSlots'> {
  readonly commands: CommandRegistry;
  readonly prefix: string;
  readonly middleware: readonly Middleware<Context>[];
  readonly limitMs: number;
}

export interface RunCounts {
  readonly answered: number;
  readonly failed: number;
  readonly unfinished: number;
  /** Handlers that run now. */
  readonly running: number;
}

/** Longest sentence that the bot sends in place of an answer. */
const MAX_NOTICE_LENGTH = 4_096;

/** How many commands may have files in memory: each file has up to 8 MiB, and many times that as pixels. */
const MEDIA_SLOTS = 4;

/** Runs commands: checks access and arguments, runs the handler, and tells the person if it failed. */
export class CommandRunner {
  readonly #options: CommandRunnerOptions;
  readonly #parts: HandlerParts;
  readonly #steps: Middleware<Context>;
  readonly #runs: Deadlines<HandlerRun>;
  readonly #cooldowns = new Cooldowns();
  readonly #counts = { answered: 0, failed: 0, unfinished: 0, running: 0 };

  constructor(options: CommandRunnerOptions) {
    this.#options = options;
    const mediaSlots = new Semaphore<HandlerRun>(MEDIA_SLOTS);
    this.#parts = { ...options, mediaSlots, usableCommands: (ctx) => this.#usableCommands(ctx) };
    this.#steps = compose(options.middleware);
    this.#runs = new Deadlines(options.clock, options.limitMs);
  }

  get counts(): RunCounts {
    return this.#counts;
  }

  async serve(
    message: IncomingMessage,
    loaded: LoadedCommand,
    line: CommandLine,
    isOwner: boolean,
  ): Promise<Outcome> {
    const { command } = loaded;
    const run = new HandlerRun(this.#options.clock, this.#options.limitMs);
    const text = plainText(line.rest);
    const parsed = parseArgs(command.args, text, message);
    const args: unknown = 'values' in parsed ? parsed.values : {};
    const ctx = new HandlerContext(this.#parts, run, {
      message,
      command: this.#info(command),
      args,
      text,
      isOwner,
    });
    this.#runs.add(run);
    this.#counts.running += 1;
    const end = await run.perform(async () => {
      await this.#options.marks?.noteStarted(message.key);
      await this.#steps(ctx, async () => {
        await checkAccess(ctx);
        if ('problem' in parsed) throw new Refusal(`${parsed.problem}\nUsage: ${ctx.usage}`.trimStart());
        if (!checkCooldown(ctx, command, this.#cooldowns, this.#options.clock.now())) return;
        await command.run(ctx);
      });
    });
    this.#parts.mediaSlots.release(run);
    this.#counts.running -= 1;
    this.#runs.delete(run);
    return this.#conclude(end, run, message, loaded);
  }

  /** Answers a message with a sentence of the bot. `sendNumber` makes its id, as for the sends of a handler. */
  async notify(message: IncomingMessage, sendNumber: number, text: string): Promise<Outcome> {
    const { key, chat, expirationSeconds } = message;
    const content = { kind: 'text', text: cutText(text, MAX_NOTICE_LENGTH) } as const;
    try {
      await this.#options.send({
        id: sendId(key, sendNumber),
        chat,
        content,
        quote: message,
        expirationSeconds,
      });
      return 'done';
    } catch (error) {
      if (error instanceof Interrupted || isAppError(error, 'SEND_TIMEOUT')) return 'unfinished';
      this.#options.log.warn(
        { messageId: message.id, err: safeError(error, '') },
        'a notice could not be sent',
      );
      return 'done';
    }
  }

  /** Ends all handlers now. Their messages stay unfinished. */
  cutAll(): void {
    for (const run of [...this.#runs]) run.cut('stopping');
    this.#runs.stop();
  }

  /** A notice gets the next send number. If an earlier run already sent an answer under it, people keep that answer. */
  async #conclude(
    end: RunEnd,
    run: HandlerRun,
    message: IncomingMessage,
    { command, file }: LoadedCommand,
  ): Promise<Outcome> {
    const verdict = decideVerdict(end);
    if (verdict.isFault) {
      const err = end.kind === 'threw' ? safeError(end.error, message.text) : undefined;
      const facts = { command: command.name, file, messageId: message.id, ...(err && { err }) };
      this.#options.log.error(facts, err ? 'a command failed' : 'a command took too long and was given up');
    }
    const outcome =
      verdict.notice === undefined
        ? verdict.outcome
        : await this.notify(message, run.nextSendNumber(), verdict.notice);
    if (outcome === 'unfinished') this.#counts.unfinished += 1;
    else if (verdict.isFault) this.#counts.failed += 1;
    else this.#counts.answered += 1;
    return outcome;
  }

  async #usableCommands(ctx: Context): Promise<readonly CommandInfo[]> {
    const infos: CommandInfo[] = [];
    for (const { command } of this.#options.commands.all) {
      if ((await accessOf(ctx, command.access)) === 'allowed') infos.push(this.#info(command));
    }
    return infos;
  }

  #info({ name, aliases, summary, access, args }: Command): CommandInfo {
    return { name, aliases, summary, access, usage: usageOf(this.#options.prefix, name, args) };
  }
}
