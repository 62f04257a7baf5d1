/**
 * Entry `perennial-whatsapp`: `createBot`, and what authors of commands and listeners import. Baileys is loaded when a
 * bot starts, and not before. docs/library.md is the guide.
 */
export type { BotContents, Source } from './app/bot-contents.ts';
export { type BotOptions, type CreatedBot, createBot } from './app/create-bot.ts';
export {
  type Arg,
  type ArgFacts,
  type ArgSpec,
  type ArgsOf,
  choice,
  duration,
  integer,
  optional,
  parts,
  person,
  type Read,
  rest,
  word,
} from './bot/args.ts';
export { type Command, type CommandSpec, command, type WhenOpen } from './bot/command.ts';
export type { CommandInfo } from './bot/command-info.ts';
export type { AskOptions, Context, Me } from './bot/context.ts';
export {
  type Listener,
  type ListenerContext,
  type ListenerEvent,
  type ListenerSpec,
  listener,
} from './bot/listener.ts';
export type { Middleware } from './bot/middleware.ts';
export type { Phrases } from './bot/phrases.ts';
export { Refusal } from './bot/refusal.ts';
export { AskTimeout, StepFailed } from './bot/replay/conversation-errors.ts';
export type { Access } from './bot/run/access.ts';
export type { Media, MediaOptions } from './bot/run/fetch-media.ts';
export type { GroupAdmin, Who } from './bot/run/group-admin.ts';
export { Interrupted } from './bot/run/interrupted-error.ts';
export { type Schedule, type ScheduleContext, type ScheduleSpec, schedule } from './bot/schedule.ts';
export type { Say, SayImage, SayShape, SayVideo } from './bot/send/say.ts';
export type { Sent } from './bot/send/sent.ts';
export type { Services, StatusFacts } from './bot/services.ts';
export type { StateValues } from './bot/state/chat-state.ts';
export type { Settings } from './config/settings-in-code.ts';
export { AppError, type ErrorCode, isAppError } from './core/errors.ts';
export type { Log } from './core/log.ts';
export type { GroupFacts, GroupMember } from './core/messages/group-facts.ts';
export type {
  ChatKind,
  ContactCard,
  IncomingEvent,
  IncomingMedia,
  IncomingMessage,
  MediaKind,
  Person,
  Place,
  PollQuestion,
  Quoted,
} from './core/messages/incoming-message.ts';
export type { StopReason } from './whatsapp/client-state.ts';
