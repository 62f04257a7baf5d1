import type { ArgSpec, ArgsOf } from './args.ts';
import type { Context } from './context.ts';
import { COMMAND_NAME, normalizeName } from './intake/parse-command.ts';
import type { Access } from './run/access.ts';

/** Handed to `command()`, whose result is the default export of the file. */
export interface CommandSpec<S extends ArgSpec> {
  /** 1 to 32 letters of any script, digits, `-` or `_`; case does not count. */
  readonly name: string;
  /** Further names of the command. Default none. */
  readonly aliases?: readonly string[];
  /** What the command does, in one line for `help`. */
  readonly summary: string;
  /** Who may use it. Default `everyone`. */
  readonly access?: Access;
  /** The arguments in order; `ctx.args` has their values. Default none. */
  readonly args?: S;
  /**
   * How long one person must wait between two uses, in seconds. A person who is too early is told so once and gets
   * no further answer until the time is over. Owners never wait, and a restart forgets it. Default 0.
   */
  readonly cooldownSeconds?: number;
  /**
   * What happens if the handler begins a conversation and the person has an open one in this chat: `newest` ends the
   * open one, `first` refuses the new one. Default `newest`.
   */
  readonly whenOpen?: WhenOpen;
  /**
   * Runs the command. An error is logged with the file, and the person is told; the text of a `Refusal` is sent to
   * them.
   */
  run(ctx: Context<ArgsOf<S>>): Promise<unknown> | unknown;
}

/** A command as the bot keeps it, made by `command()`. */
export interface Command {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly access: Access;
  readonly args: ArgSpec;
  readonly cooldownMs: number;
  readonly whenOpen: WhenOpen;
  run(ctx: Context): Promise<unknown> | unknown;
}

/** What happens if a person begins a conversation and has an open one in the same chat. */
export type WhenOpen = 'newest' | 'first';

const ACCESS: readonly string[] = ['everyone', 'members', 'admins', 'owners'] satisfies Access[];

/**
 * Describes a command: the default export of a file in `src/commands/`. Throws a `TypeError` if the description is not
 * valid.
 */
export function command<const S extends ArgSpec = Record<never, never>>(spec: CommandSpec<S>): Command {
  const names = [spec.name, ...(spec.aliases ?? [])];
  for (const name of names) {
    if (typeof name === 'string' && COMMAND_NAME.test(name)) continue;
    throw new TypeError(`${JSON.stringify(name)} is no name: use 1 to 32 letters, digits, - or _`);
  }
  if (typeof spec.summary !== 'string' || spec.summary.trim() === '')
    throw new TypeError('the summary is missing');
  if (typeof spec.run !== 'function') throw new TypeError('run is not a function');
  const access = spec.access ?? 'everyone';
  if (!ACCESS.includes(access)) throw new TypeError(`access must be one of ${ACCESS.join(', ')}`);
  const cooldownSeconds = spec.cooldownSeconds ?? 0;
  if (!(cooldownSeconds >= 0)) throw new TypeError('cooldownSeconds must be 0 or more');
  return {
    name: normalizeName(spec.name),
    aliases: (spec.aliases ?? []).map(normalizeName),
    summary: spec.summary,
    access,
    args: spec.args ?? {},
    cooldownMs: cooldownSeconds * 1_000,
    whenOpen: spec.whenOpen ?? 'newest',
    // The values come from these very arguments, which is more than the compiler can see.
    run: (ctx) => spec.run(ctx as Context<ArgsOf<S>>),
  };
}

/** Whether this is what `command()` returns. Another copy of this module may have made it. */
export function isCommand(value: unknown): value is Command {
  if (typeof value !== 'object' || value === null) return false;
  const { name, aliases, summary, access, args, cooldownMs, run } = value as Partial<Command>;
  return (
    typeof name === 'string' &&
    Array.isArray(aliases) &&
    typeof summary === 'string' &&
    typeof access === 'string' &&
    typeof args === 'object' &&
    typeof cooldownMs === 'number' &&
    typeof run === 'function'
  );
}
