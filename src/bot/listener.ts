import type { ContactCard, IncomingEvent, IncomingMessage, MediaKind } from '../core/incoming-message.ts';
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
  /** What happens if the handler begins a conversation and the person has an open one in this chat. Default `newest`. */
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

const EVENTS: readonly string[] = [
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
] satisfies ListenerEvent[];

/** Describes a listener: the default export of a file in `src/listeners/`. Throws a `TypeError` if it is not valid. */
export function listener(spec: ListenerSpec): Listener {
  if (!EVENTS.includes(spec.on)) throw new TypeError(`on must be one of ${EVENTS.join(', ')}`);
  const place = spec.in ?? 'both';
  if (!['direct', 'group', 'both'].includes(place))
    throw new TypeError('in must be one of direct, group, both');
  if (typeof spec.run !== 'function') throw new TypeError('run is not a function');
  return {
    kind: 'listener',
    on: spec.on,
    in: place,
    isForAddressed: spec.when === 'addressed',
    whenOpen: spec.whenOpen ?? 'newest',
    fits: (message) => fits(message, spec),
    run: (ctx) => spec.run(ctx),
  };
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
