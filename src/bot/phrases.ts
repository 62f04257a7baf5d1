import { AppError } from '../core/errors.ts';
import { nearestWord } from '../core/nearest-word.ts';
import type { CommandInfo } from './command-info.ts';
import { formatDuration } from './duration.ts';
import type { StatusFacts } from './services.ts';

/** What the bot itself says to people. A project can replace any of it, for example with another language. */
export interface Phrases {
  /** The bot has no command of this name. `help` is how the help command is written. */
  unknownCommand(help: string): string;
  /** The handler failed. */
  failed: string;
  /** The handler was cut off because it took too long. */
  tookTooLong: string;
  /** The handler crashed the bot again and again. */
  setAside: string;
  /** A conversation cannot go on, because the code of its handler was changed. */
  changed: string;
  /** A conversation was cancelled by the person. */
  cancelled: string;
  /** An answer is none of the options of a question. */
  chooseOne(options: readonly string[]): string;
  /** Another conversation is open, and the handler does not begin a second one. */
  finishFirst: string;
  groupsOnly: string;
  adminsOnly: string;
  ownersOnly: string;
  /** The person used the command a moment ago. `duration` is what the phrase `duration` made. */
  tooSoon(duration: string): string;
  /** A time span in words. */
  duration(ms: number): string;
  /** The word that ends a conversation, beside `cancel`. */
  cancelWord: string;
  /** How a command is used; `problem` is what was wrong, or empty. */
  usage(usage: string, problem: string): string;
  /** What a command does, as `!help` shows it. `english` is the summary in the command's file. */
  summary(command: string, english: string): string;
  /** How a usage line shows an argument; `name` is its name in the command's file. */
  argument(name: string): string;
  tooShortTime: string;
  tooLongTime(longest: string): string;
  /** The person has as many open conversations as one may have. */
  ownConversationsFull: string;
  conversationsFull: string;
  /** A question of a conversation was not answered in time. */
  noAnswer: string;
  remindersFull: string;
  /** Below a reminder that comes late because the bot was away. */
  lateReminder(late: string): string;
  /** A reminder is for a time that is too far away. */
  reminderTooFar: string;
  textTooLong(maxCharacters: number): string;
  fileTooLarge(maxMegabytes: number): string;
  fileTooSlow: string;
  fileGone: string;
  badPicture: string;
  /** The bot is no admin of the group, and must be one. */
  botNoAdmin: string;
  /** WhatsApp refused a change of the group. */
  groupRefused: string;
  badGroupName(maxCharacters: number): string;
  descriptionTooLong(maxCharacters: number): string;
  badAddress: string;
  /** Somebody who has never written to the bot, and whom its owner did not list. */
  stranger: string;
  /** `!help`: the commands that the person may use. */
  helpList(commands: readonly Pick<CommandInfo, 'usage' | 'summary'>[]): string;
  /** `!help ping`. */
  helpOne(command: Pick<CommandInfo, 'usage' | 'summary' | 'aliases'>): string;
  noSuchCommand: string;
  /** `!id`. */
  identity(facts: {
    readonly id: string;
    readonly address: string;
    readonly chat: string;
    readonly isOwner: boolean;
  }): string;
  /** `!status`. */
  status(facts: StatusFacts): string;
  /** `!remind`: the reminder is kept. */
  reminderKept(duration: string): string;
  pollQuestionTooLong(maxCharacters: number): string;
  pollOptionTooLong(maxCharacters: number): string;
  pollOptionsEqual: string;
  stickerNeedsPicture: string;
  notAPicture: string;
}

/** The phrases that the bots of this process use. */
export const phrases: Phrases = {
  unknownCommand: (help) => `I don't know that one. Send ${help} for what I can do.`,
  failed: 'Sorry, something went wrong on my side.',
  tookTooLong: 'Sorry, that took too long. I gave up on it.',
  setAside: 'Sorry, I gave up on this: each time that I worked on it, I crashed.',
  changed: 'Sorry, I was changed in the meantime and cannot go on with this. Please start again.',
  cancelled: 'Cancelled.',
  chooseOne: (options) => `Please choose one of: ${options.join(', ')}.`,
  finishFirst: 'Please finish our conversation first, or send cancel.',
  groupsOnly: 'That works in groups only.',
  adminsOnly: 'Only admins of this group may do that.',
  ownersOnly: 'Only the owners of this bot may do that.',
  tooSoon: (duration) => `Please wait ${duration} before the next one.`,
  duration: formatDuration,
  cancelWord: 'cancel',
  usage: (usage, problem) => `${problem}\nUsage: ${usage}`.trimStart(),
  summary: (_, english) => english,
  argument: (name) => name,
  tooShortTime: 'That is less than a second.',
  tooLongTime: (longest) => `The longest I can do is ${longest}.`,
  ownConversationsFull: 'You have too many conversations with me. Please end one: send cancel there.',
  conversationsFull: 'I have too many conversations at the moment. Please try again later.',
  noAnswer: 'No answer came in time, so I ended this. Please start again.',
  remindersFull: 'I have too many reminders to keep. Please wait until some are done.',
  lateReminder: (late) => `(Sorry, this is ${late} late: I was away.)`,
  reminderTooFar: 'I keep a reminder for at most a year.',
  textTooLong: (maxCharacters) => `I keep at most ${maxCharacters} characters.`,
  fileTooLarge: (maxMegabytes) => `That file is too large: I take at most ${maxMegabytes} MB.`,
  fileTooSlow: 'That file took too long to fetch. Please try again.',
  fileGone: 'I could not fetch that file: it is too large, damaged or gone.',
  badPicture: 'That image is damaged or too large.',
  botNoAdmin: 'I must be an admin of this group for that.',
  groupRefused: 'WhatsApp did not let me do that in this group.',
  badGroupName: (maxCharacters) => `A group name has 1 to ${maxCharacters} characters.`,
  descriptionTooLong: (maxCharacters) =>
    `A description has at most ${maxCharacters.toLocaleString('en')} characters.`,
  badAddress: 'I cannot write to that address.',
  stranger: 'I may not write to someone who has never written to me.',
  helpList: (commands) =>
    ['What you can ask of me:', ...commands.map(({ usage, summary }) => `${usage}\n   ${summary}`)].join(
      '\n',
    ),
  helpOne: ({ usage, summary, aliases }) =>
    `Usage: ${usage}\n   ${summary}${aliases.length === 0 ? '' : `\nAlso: ${aliases.join(', ')}`}`,
  noSuchCommand: 'There is no such command for you here.',
  identity: ({ id, address, chat, isOwner }) =>
    [
      `You: ${id}`,
      `Your address: ${address}`,
      `This chat: ${chat}`,
      ...(isOwner ? ['You are an owner of this bot.'] : []),
    ].join('\n'),
  status: ({ connection, connectionAgeMs, uptimeMs, counts }) =>
    [
      `Connection: ${connection}, for ${formatDuration(connectionAgeMs)}`,
      `Running for ${formatDuration(uptimeMs)}`,
      ...counts.map(([what, count]) => `${what}: ${count}`),
    ].join('\n'),
  reminderKept: (duration) => `I will remind you in ${duration}.`,
  pollQuestionTooLong: (maxCharacters) => `The question may have ${maxCharacters} characters.`,
  pollOptionTooLong: (maxCharacters) => `An option may have ${maxCharacters} characters.`,
  pollOptionsEqual: 'Two options are the same.',
  stickerNeedsPicture: 'Send it with an image, or in answer to one.',
  notAPicture: 'That is not an image I can read: JPEG, PNG, WebP or GIF.',
};

/** Replaces phrases for all bots of this process. Throws `BAD_CONFIG` with the name of what does not fit. */
export function replacePhrases(own: Partial<Phrases>): void {
  for (const [name, value] of Object.entries(own)) {
    const known: unknown = Object.hasOwn(phrases, name) ? phrases[name as keyof Phrases] : undefined;
    if (known === undefined) throw unknownPhrase(name);
    if (typeof value !== typeof known)
      throw new AppError('BAD_CONFIG', `The phrase "${name}" must be a ${typeof known}.`);
  }
  Object.assign(phrases, own);
}

function unknownPhrase(name: string): AppError {
  const names = Object.keys(phrases);
  const meant = nearestWord(name, names);
  const hint = meant === undefined ? `There are: ${names.join(', ')}.` : `Did you mean "${meant}"?`;
  return new AppError('BAD_CONFIG', `"${name}" is no phrase. ${hint}`);
}
