import { tableOf } from '../../../src/app/bot-table.ts';
import { ownIds } from '../../../src/app/linked-account.ts';
import { MessageIntake } from '../../../src/app/message-intake.ts';
import { Bot } from '../../../src/bot/bot.ts';
import type { BotSettings } from '../../../src/bot/bot-settings.ts';
import { type Command, isCommand } from '../../../src/bot/command.ts';
import type { Listener } from '../../../src/bot/listener.ts';
import { CommandRegistry } from '../../../src/bot/loading/command-registry.ts';
import { ListenerRegistry } from '../../../src/bot/loading/listener-registry.ts';
import { isSchedule, type Schedule } from '../../../src/bot/schedule.ts';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import { FakeLog, SETTINGS } from '../../unit/bot/fakes.ts';
import type { Rig } from './rig.ts';

/** A bot that runs on the client of a rig. */
export interface Running {
  readonly bot: Bot;
  readonly intake: MessageIntake;
  readonly log: FakeLog;
}

/** Runs a bot with these handlers on the client of the rig, which is started. */
export async function runBot(
  rig: Rig,
  handlers: Readonly<Record<string, Command | Listener | Schedule>>,
  given: { readonly settings?: Partial<BotSettings>; readonly clock?: Clock } = {},
): Promise<Running> {
  const { client, session } = rig;
  const registry = new CommandRegistry();
  const heard = new ListenerRegistry();
  for (const [name, one] of Object.entries(handlers)) {
    if (isCommand(one)) registry.set(`src/commands/${name}.ts`, one);
    else if (isSchedule(one)) heard.setSchedule(`src/listeners/${name}.ts`, one);
    else heard.set(`src/listeners/${name}.ts`, one);
  }
  const log = new FakeLog();
  const bot = new Bot({
    messenger: client,
    storage: { table: (name) => tableOf(session, name) },
    settings: { ...SETTINGS, ownIds: () => ownIds(session), ...given.settings },
    commands: registry,
    listeners: heard,
    services: { status: () => ({ connection: 'open', connectionAgeMs: 0, uptimeMs: 0, counts: [] }) },
    clock: given.clock ?? systemClock,
    log,
    addresses: client,
  });
  client.inbox.setWanted((message) => bot.wants(message));
  await bot.start();
  const intake = new MessageIntake({ client, bot: Promise.resolve(bot), log });
  intake.start();
  return { bot, intake, log };
}

/** Stops the bot and the client, as a clean stop of the program does. */
export async function stopBot(rig: Rig, { bot, intake }: Running): Promise<void> {
  await bot.stop();
  await intake.stop();
  await rig.stop();
}
