import type { Addresses } from '../../core/addresses.ts';
import type { Log } from '../../core/log.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import type { RecentMap } from '../../core/recent-map.ts';
import type { BotSettings } from '../bot-settings.ts';
import type { CommandInfo } from '../command-info.ts';
import type { Context } from '../context.ts';
import type { Services } from '../services.ts';
import type { StateStores } from '../state/chat-state.ts';
import type { Reminders } from '../state/reminders.ts';
import type { HandlerRun } from './handler-run.ts';
import type { SendParts } from './handler-sends.ts';
import type { Semaphore } from './semaphore.ts';

/** The parts of the bot that every handler context uses. */
export interface HandlerParts extends SendParts {
  readonly log: Log;
  readonly services: Services;
  readonly states: StateStores;
  readonly reminders: Reminders;
  /** Limits how many handlers have files in memory. */
  readonly mediaSlots: Semaphore<HandlerRun>;
  readonly settings: BotSettings;
  readonly addresses: Pick<Addresses, 'chatKeyOf'>;
  /** The names of people who have written since the start, by their ids. */
  readonly names: Pick<RecentMap<string>, 'get'>;
  usableCommands(ctx: Context): Promise<readonly CommandInfo[]>;
  /** The address of a chat that the bot may write to. Throws a `Refusal` for any other. */
  reachable(to: string): string;
}

/** What one handler is called with. */
export interface HandlerFacts {
  readonly message: IncomingMessage;
  readonly command: CommandInfo;
  readonly args: unknown;
  readonly text: string;
  readonly isOwner: boolean;
  readonly isAddressed: boolean;
  /** What the ids of its messages are made from. */
  readonly idKey: string;
}
