import type { Command } from '../command.ts';

export interface LoadedCommand {
  readonly command: Command;
  /** The file of the command, for logs. */
  readonly file: string;
}

/** A built-in command that a command of the project replaces. */
export interface Replaced {
  /** The name or alias that the command of the project has. */
  readonly name: string;
  /** The file of the project's command. */
  readonly file: string;
  readonly builtIn: Command;
}

/**
 * The commands of a bot by name and alias. Can change while the bot runs. A command of the project wins over a built-in
 * one: it takes an alias from it, and replaces it if it has its name.
 */
export class CommandRegistry {
  readonly #byFile = new Map<string, LoadedCommand>();
  readonly #builtIn = new Map<string, LoadedCommand>();
  #byName = new Map<string, LoadedCommand>();

  /** All commands that can be used, by name. */
  get all(): readonly LoadedCommand[] {
    return [...new Set(this.#byName.values())].sort((a, b) => (a.command.name < b.command.name ? -1 : 1));
  }

  /** Names and aliases of built-in commands that commands of the project have taken. */
  get replaced(): readonly Replaced[] {
    return [...this.#builtIn.values()].flatMap(({ command }) =>
      namesOf(command).flatMap((name) => {
        const user = this.#byName.get(name);
        const isTaken = user !== undefined && user.command.run !== command.run;
        return isTaken ? [{ name, file: user.file, builtIn: command }] : [];
      }),
    );
  }

  /** The command with this name or alias, in lower case. */
  find(name: string): LoadedCommand | undefined {
    return this.#byName.get(name);
  }

  /**
   * Sets the command of a file and replaces the earlier one. Throws and changes nothing if another file has the name.
   */
  set(file: string, command: Command): void {
    set(this.#byFile, file, command);
    this.#index();
  }

  /** The same for a command that comes with the bot. */
  setBuiltIn(file: string, command: Command): void {
    set(this.#builtIn, file, command);
    this.#index();
  }

  delete(file: string): void {
    if (this.#byFile.delete(file) || this.#builtIn.delete(file)) this.#index();
  }

  #index(): void {
    this.#byName = new Map();
    for (const loaded of this.#byFile.values()) this.#add(loaded);
    for (const { file, command } of this.#builtIn.values()) {
      if (this.#byName.has(command.name)) continue;
      const aliases = command.aliases.filter((alias) => !this.#byName.has(alias));
      this.#add({ file, command: { ...command, aliases } });
    }
  }

  #add(loaded: LoadedCommand): void {
    for (const name of namesOf(loaded.command)) this.#byName.set(name, loaded);
  }
}

function set(layer: Map<string, LoadedCommand>, file: string, command: Command): void {
  for (const name of namesOf(command)) {
    const other = [...layer.values()].find((one) => one.file !== file && namesOf(one.command).includes(name));
    if (other !== undefined) throw new Error(`"${name}" is in ${other.file} already`);
  }
  layer.set(file, { command, file });
}

const namesOf = (command: Command): string[] => [command.name, ...command.aliases];
