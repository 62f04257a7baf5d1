import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Bot } from '../bot/bot.ts';
import { CommandRegistry } from '../bot/loading/command-registry.ts';
import { ListenerRegistry } from '../bot/loading/listener-registry.ts';
import { loadCommands, loadListeners } from '../bot/loading/load-commands.ts';
import { watchCommands } from '../bot/loading/reload-commands.ts';
import type { StatusFacts } from '../bot/services.ts';
import type { Config } from '../config/config.ts';
import { systemClock } from '../core/clock.ts';
import type { Messenger } from '../core/messages.ts';
import type { Logger } from '../logging/logger.ts';
import type { Session } from '../session/session.ts';
import type { WhatsAppClient } from '../whatsapp/client.ts';
import { ownIds, tableOf } from './session-tables.ts';

export interface BotParts {
  readonly config: Config;
  readonly session: Session;
  readonly client: WhatsAppClient;
  /** The client, or the client with its sends measured. */
  readonly messenger: Messenger;
  readonly status: () => StatusFacts;
  readonly log: Logger;
}

export interface StartedBot {
  readonly bot: Bot;
  /** Loads saved commands again until the signal aborts. */
  readonly watch: (signal: AbortSignal) => Promise<void>;
}

const COMMANDS = fileURLToPath(new URL('../commands/', import.meta.url));
const LISTENERS = fileURLToPath(new URL('../listeners/', import.meta.url));

/** The bot with its commands, ready for messages. */
export async function startBot(parts: BotParts): Promise<StartedBot> {
  const { config, session, client, messenger, status, log } = parts;
  const commands = new CommandRegistry();
  await loadCommands(COMMANDS, commands, log);
  const listeners = new ListenerRegistry();
  await loadListeners(LISTENERS, listeners, log);
  const bot = new Bot({
    messenger,
    storage: { table: (name) => tableOf(session, name) },
    settings: { ...config, ownIds: () => ownIds(session) },
    commands,
    listeners,
    services: { status },
    clock: systemClock,
    log,
    wasSent: (id) => client.hasSent(id),
    marks: client.inbox,
    conversationOf: (chat) => client.conversationOf(chat),
  });
  client.inbox.setWanted((message) => bot.wants(message));
  await bot.start();
  const around = { clock: systemClock, log };
  const watched = [{ folder: COMMANDS, registry: commands, what: 'commands', ...around }];
  const isThere = existsSync(LISTENERS);
  const alsoWatched = isThere
    ? [{ folder: LISTENERS, registry: listeners, what: 'listeners', ...around }]
    : [];
  const watch = async (signal: AbortSignal): Promise<void> => {
    await Promise.all([...watched, ...alsoWatched].map((options) => watchCommands(options, signal)));
  };
  return { bot, watch };
}
