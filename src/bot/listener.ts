import type {
  ContactCard,
  IncomingEvent,
  IncomingMessage,
  MediaKind,
} from '../core/messages/incoming-message.ts';
import { checkFields } from './check-fields.ts';
import type { WhenOpen } from './command.ts';
import type { Context } from './context.ts';

/** What a listener listens to. `message` is every new message that is not a command. */
export type ListenerEvent = 'message' | IncomingEvent['kind'];

/** The context of a listener: that of a command without what belongs to the command. */
export type ListenerContext = Omit<Context, 'args' | 'command' | 'usage'>;

/** Handed to `listener()`, whose result is the default export of the file. */
export interface ListenerSpec {
  /** What it listens to. */
  readonly on: ListenerEvent;
  /** In which chats. Default `both`. */
  readonly in?: 'direct' | 'group' | 'both';
  /** `addressed`: only messages that mention the bot or quote it; in a direct chat, all. Default `always`. */
  readonly when?: 'addressed' | 'always';
  /** Only messages whose text contains this, in any case, or matches it. */
  readonly text?: string | RegExp;
  /** Only messages with a file, of this kind or of any. */
  readonly media?: MediaKind | 'any';
  /** Only messages that show a place. */
  readonly location?: boolean;
  /** Only messages with a contact card. */
  readonly contact?: boolean;
  /**
   * What happens if the handler begins a conversation and the person has an open one in this chat. Default `newest`.
   */
  readonly whenOpen?: WhenOpen;
  /** Runs for each such message. Errors are handled as those of a command. */
  run(ctx: ListenerContext): Promise<unknown> | unknown;
}

/** A listener as the bot keeps it, made by `listener()`. */
export interface Listener {
  readonly kind: 'listener';
  readonly on: ListenerEvent;
  readonly in: 'direct' | 'group' | 'both';
  readonly isForAddressed: boolean;
  readonly whenOpen: WhenOpen;
  fits(message: IncomingMessage): boolean;
  run(ctx: Context): Promise<unknown> | unknown;
}

/** All events that a listener can be for. */
export const LISTENER_EVENTS: readonly ListenerEvent[] = [
  'message',
  'edited',
  'deleted',
  'reaction',
  'vote',
  'joined',
  'left',
  'promoted',
  'demoted',
  'group-changed',
  'call',
];

/** Describes a listener: the default export of a file in `src/listeners/`. Throws a `TypeError` if it is not valid. */
export function listener(spec: ListenerSpec): Listener {
  checkSpec(spec);
  return {
    kind: 'listener',
    on: spec.on,
    in: spec.in ?? 'both',
    isForAddressed: spec.when === 'addressed',
    whenOpen: spec.whenOpen ?? 'newest',
    fits: (message) => fits(message, spec),
    run: (ctx) => spec.run(ctx),
  };
}

/**
 * What may be in the fields of a description. JavaScript has no types, and a mistyped filter would let everything in.
 */
const FIELDS: Readonly<
  Record<keyof ListenerSpec, readonly [mustBe: string, fits: (value: unknown) => boolean]>
> = {
  on: oneOf(LISTENER_EVENTS),
  in: oneOf(['direct', 'group', 'both']),
  when: oneOf(['addressed', 'always']),
  text: ['a text or a RegExp', (value) => typeof value === 'string' || value instanceof RegExp],
  media: oneOf(['image', 'video', 'audio', 'document', 'sticker', 'any']),
  location: ['true or false', (value) => typeof value === 'boolean'],
  contact: ['true or false', (value) => typeof value === 'boolean'],
  whenOpen: oneOf(['newest', 'first']),
  run: ['a function', (value) => typeof value === 'function'],
};

function oneOf(words: readonly string[]): readonly [string, (value: unknown) => boolean] {
  return [`one of ${words.join(', ')}`, (value) => typeof value === 'string' && words.includes(value)];
}

function checkSpec(spec: ListenerSpec): void {
  checkFields(spec, Object.keys(FIELDS));
  for (const [name, [mustBe, fits]] of Object.entries(FIELDS)) {
    const value = spec[name as keyof ListenerSpec];
    const isLeftOut = value === undefined && name !== 'on' && name !== 'run';
    if (!isLeftOut && !fits(value)) throw new TypeError(`${name} must be ${mustBe}`);
  }
}

/** Whether this is what `listener()` returns. Another copy of this module may have made it. */
export function isListener(value: unknown): value is Listener {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, on, fits, run } = value as Partial<Listener>;
  return (
    kind === 'listener' && typeof on === 'string' && typeof fits === 'function' && typeof run === 'function'
  );
}

function fits(message: IncomingMessage, { text, media, location, contact }: ListenerSpec): boolean {
  if (typeof text === 'string' && !message.text.toLowerCase().includes(text.toLowerCase())) return false;
  if (text instanceof RegExp && !new RegExp(text.source, text.flags.replace(/[gy]/g, '')).test(message.text))
    return false;
  if (media !== undefined && (media === 'any' ? !message.media : message.media?.kind !== media)) return false;
  if (location === true && message.location === undefined) return false;
  return contact !== true || hasContact(message.contacts);
}

const hasContact = (contacts: readonly ContactCard[] | undefined): boolean => (contacts ?? []).length > 0;
