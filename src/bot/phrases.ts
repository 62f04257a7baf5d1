import { AppError } from '../core/errors.ts';

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
  /** The person used the command a moment ago. `duration` is like "5 seconds". */
  tooSoon(duration: string): string;
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
};

/** Replaces phrases for all bots of this process. Throws `BAD_CONFIG` with the name of what does not fit. */
export function replacePhrases(own: Partial<Phrases>): void {
  for (const [name, value] of Object.entries(own)) {
    const known: unknown = Object.hasOwn(phrases, name) ? phrases[name as keyof Phrases] : undefined;
    if (known === undefined)
      throw new AppError(
        'BAD_CONFIG',
        `"${name}" is no phrase. There are: ${Object.keys(phrases).join(', ')}.`,
      );
    if (typeof value !== typeof known)
      throw new AppError('BAD_CONFIG', `The phrase "${name}" must be a ${typeof known}.`);
  }
  Object.assign(phrases, own);
}
