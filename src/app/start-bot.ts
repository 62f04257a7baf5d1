import { Bot } from '../bot/bot.ts';
import type { StatusFacts } from '../bot/services.ts';
import type { Config } from '../config/config.ts';
import { systemClock } from '../core/clock.ts';
import type { Messenger } from '../core/messages/messenger.ts';
import type { Logger } from '../logging/logger.ts';
import type { Session } from '../session/session-store.ts';
import type { WhatsAppClient } from '../whatsapp/whatsapp-client.ts';
import { type BotContents, LoadedContents } from './bot-contents.ts';
import { tableOf } from './bot-table.ts';
import { ownIds, ownName } from './linked-account.ts';
import type { LoadedMiddleware } from './load-middleware.ts';

export interface BotParts {
  readonly config: Config;
  readonly contents: BotContents;
  readonly middleware: LoadedMiddleware;
  readonly session: Session;
  readonly client: WhatsAppClient;
  /** The client, or the client with its sends measured. */
  readonly messenger: Messenger;
  readonly status: () => StatusFacts;
  readonly log: Logger;
}

export interface StartedBot {
  readonly bot: Bot;
  /** Loads saved files again until the signal aborts. */
  readonly watch: (signal: AbortSignal) => Promise<void>;
}

/** The bot with its commands, ready for messages. */
export async function startBot(parts: BotParts): Promise<StartedBot> {
  const { config, contents, middleware, session, client, messenger, status, log } = parts;
  const loaded = new LoadedContents(log);
  await loaded.load(contents, config.withoutCommands);
  const bot = new Bot({
    messenger,
    storage: { table: (name) => tableOf(session, name) },
    settings: { ...config, ownIds: () => ownIds(session), ownName: () => ownName(session) },
    commands: loaded.commands,
    listeners: loaded.listeners,
    middleware: middleware.steps,
    services: { status },
    clock: systemClock,
    log,
    marks: client.inbox,
    wasKilled: session.wasKilled,
    addresses: client,
  });
  client.inbox.setWanted((message) => bot.wants(message));
  await bot.start();
  return {
    bot,
    watch: async (signal) => void (await Promise.all([loaded.watch(signal), middleware.watch(signal)])),
  };
}
