import type { Addresses } from '../../core/addresses.ts';
import type { Clock } from '../../core/clock.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import { plainText } from '../../core/plain-text.ts';
import { parseArgs, usageOf } from '../args.ts';
import type { Command } from '../command.ts';
import type { CommandInfo } from '../command-info.ts';
import type { Context } from '../context.ts';
import type { CommandRegistry, LoadedCommand } from '../loading/command-registry.ts';
import { phrases } from '../phrases.ts';
import { Refusal } from '../refusal.ts';
import type { StoredConversation } from '../replay/conversation-row.ts';
import { Cooldowns } from './cooldown.ts';
import type { HandlerTask } from './handler-runner.ts';
import { accessOf, checkAccess, checkCooldown } from './permission-check.ts';
import type { SenderFacts } from './senders.ts';

/** Makes the handlers of commands: access, arguments and cooldown are checked, then the command runs. */
export class CommandTasks {
  readonly #commands: CommandRegistry;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #addresses: Pick<Addresses, 'chatKeyOf'>;
  readonly #cooldowns = new Cooldowns();

  constructor(
    commands: CommandRegistry,
    prefix: string,
    clock: Clock,
    addresses: Pick<Addresses, 'chatKeyOf'>,
  ) {
    this.#commands = commands;
    this.#prefix = prefix;
    this.#clock = clock;
    this.#addresses = addresses;
  }

  /** `rest` is the text after the command's name. A conversation that goes on was checked when it began. */
  taskOf(
    message: IncomingMessage,
    { command, file }: LoadedCommand,
    rest: string,
    sender: SenderFacts,
    stored?: StoredConversation,
  ): HandlerTask {
    const text = plainText(rest);
    const personOf = (jid: string): string => this.#addresses.chatKeyOf(jid);
    const parsed = parseArgs(command.args, text, { mentions: message.mentions, personOf });
    return {
      ...sender,
      handler: { kind: 'command', name: command.name, file },
      message,
      command: this.#info(command),
      args: 'values' in parsed ? parsed.values : {},
      text,
      idKey: message.key,
      whenOpen: command.whenOpen,
      stored,
      run: async (ctx) => {
        if (stored === undefined) {
          await checkAccess(ctx);
          if ('problem' in parsed) throw new Refusal(phrases.usage(ctx.usage, parsed.problem));
          if (!checkCooldown(ctx, command, this.#cooldowns, this.#clock.now())) return;
        }
        await command.run(ctx);
      },
    };
  }

  /** The commands that the sender may use in this chat. */
  async usable(ctx: Context): Promise<readonly CommandInfo[]> {
    const infos: CommandInfo[] = [];
    for (const { command } of this.#commands.all) {
      if ((await accessOf(ctx, command.access)) === 'allowed') infos.push(this.#info(command));
    }
    return infos;
  }

  #info({ name, aliases, summary, access, args }: Command): CommandInfo {
    const usage = usageOf(this.#prefix, name, args);
    return { name, aliases, summary: phrases.summary(name, summary), access, usage };
  }
}
