import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from '../bot/command.ts';
import type { Context } from '../bot/context.ts';
import type { Listener } from '../bot/listener.ts';
import { CommandRegistry } from '../bot/loading/command-registry.ts';
import { ListenerRegistry } from '../bot/loading/listener-registry.ts';
import {
  builtInTarget,
  commandTarget,
  type LoadTarget,
  listenerTarget,
  loadFolder,
} from '../bot/loading/load-commands.ts';
import { watchCommands } from '../bot/loading/reload-commands.ts';
import type { Middleware } from '../bot/middleware.ts';
import { systemClock } from '../core/clock.ts';
import { nearestWord } from '../core/nearest-word.ts';
import type { Logger } from '../logging/logger.ts';

/** A folder with one command, listener or middleware in each file, or one of them. */
export type Source<T> = string | URL | T;

/** What an author gives to a bot, beside the built-in commands. */
export interface BotContents {
  /** Commands, and folders of commands. They win over built-in ones of the same name or alias. Default none. */
  readonly commands?: Source<Command> | readonly Source<Command>[] | undefined;
  /** Listeners, and folders of listeners. Default none. */
  readonly listeners?: Source<Listener> | readonly Source<Listener>[] | undefined;
  /**
   * Steps around every command, listener and schedule, and files and folders of them, the first outermost. They run
   * inside those of the setting `MIDDLEWARE`. Default none.
   */
  readonly middleware?: Source<Middleware<Context>> | readonly Source<Middleware<Context>>[] | undefined;
}

interface WatchedFolder {
  readonly folder: string;
  readonly target: LoadTarget;
}

/** The commands and listeners of a bot, loaded. */
export class LoadedContents {
  readonly commands = new CommandRegistry();
  readonly listeners = new ListenerRegistry();
  readonly #folders: WatchedFolder[] = [];
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Loads everything. What cannot be loaded is logged, and the rest works. */
  async load(contents: BotContents, without: readonly string[]): Promise<void> {
    const names: string[] = [];
    const isLeftOut = (name: string): boolean => {
      names.push(name);
      return without.includes('all') || without.includes(name);
    };
    await this.#loadFolder(beside('../commands/'), builtInTarget(this.commands, isLeftOut));
    await this.#loadFolder(beside('../listeners/'), listenerTarget(this.listeners));
    await this.#loadAll(contents.commands, commandTarget(this.commands));
    await this.#loadAll(contents.listeners, listenerTarget(this.listeners));
    for (const name of without) this.#checkLeftOut(name, names);
    for (const { file, name, builtIn } of this.commands.replaced)
      this.#log.info(
        { file, replaces: builtIn.name },
        `"${name}" of this project replaces ${builtInName(name, builtIn)}`,
      );
  }

  /** Loads files again when they are saved, until the signal aborts. */
  async watch(signal: AbortSignal): Promise<void> {
    const watching = this.#folders.map(({ folder, target }) =>
      watchCommands({ folder, target, clock: systemClock, log: this.#log }, signal),
    );
    await Promise.all(watching);
  }

  async #loadAll<T>(
    sources: Source<T> | readonly Source<T>[] | undefined,
    target: LoadTarget,
  ): Promise<void> {
    for (const [index, source] of listOf(sources).entries()) {
      if (typeof source === 'string' || source instanceof URL) {
        const folder = typeof source === 'string' ? source : fileURLToPath(source);
        if (!existsSync(folder))
          this.#log.error({ folder }, `could not load the ${target.what}s: there is no such folder`);
        await this.#loadFolder(folder, target);
      } else this.#set(`${target.what}-${index + 1}`, source, target);
    }
  }

  async #loadFolder(folder: string, target: LoadTarget): Promise<void> {
    if (!existsSync(folder)) return;
    await loadFolder(folder, target, this.#log);
    this.#folders.push({ folder, target });
  }

  #set(label: string, value: unknown, target: LoadTarget): void {
    try {
      target.set(label, value);
    } catch (error) {
      this.#log.error({ file: label, err: error }, `could not load a ${target.what}`);
    }
  }

  #checkLeftOut(name: string, names: readonly string[]): void {
    if (name === 'all' || names.includes(name)) return;
    const meant = nearestWord(name, names);
    const advice = meant === undefined ? `There are: ${names.join(', ')}` : `Write ${meant}`;
    this.#log.warn(
      { name, meant },
      `WITHOUT_COMMANDS names "${name}", which is no built-in command. ${advice}.`,
    );
  }
}

/** One source, several or none as a list. */
export function listOf<T>(sources: Source<T> | readonly Source<T>[] | undefined): readonly Source<T>[] {
  if (sources === undefined) return [];
  return isList(sources) ? sources : [sources];
}

const isList = <T>(sources: Source<T> | readonly Source<T>[]): sources is readonly Source<T>[] =>
  Array.isArray(sources);

const beside = (folder: string): string => fileURLToPath(new URL(folder, import.meta.url));

const builtInName = (name: string, { name: whole }: Command): string =>
  name === whole ? 'the built-in command' : `that alias of the built-in command ${whole}`;
