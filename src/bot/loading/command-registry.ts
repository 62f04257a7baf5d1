import type { Command } from '../command.ts';

export interface LoadedCommand {
  readonly command: Command;
  /** The file of the command, for logs. */
  readonly file: string;
}

/** The commands of a bot by name and alias. Can change while the bot runs. */
export class CommandRegistry {
  readonly #byFile = new Map<string, LoadedCommand>();
  readonly #byName = new Map<string, LoadedCommand>();

  /** All commands, by name. */
  get all(): readonly LoadedCommand[] {
    return [...this.#byFile.values()].sort((a, b) => (a.command.name < b.command.name ? -1 : 1));
  }

  /** The command with this name or alias, in lower case. */
  find(name: string): LoadedCommand | undefined {
    return this.#byName.get(name);
  }

  /** Sets the command of a file and replaces the earlier one. Throws and changes nothing if another file has the name. */
  set(file: string, command: Command): void {
    for (const name of [command.name, ...command.aliases]) {
      const other = this.#byName.get(name);
      if (other !== undefined && other.file !== file)
        throw new Error(`"${name}" is in ${other.file} already`);
    }
    this.delete(file);
    const loaded = { command, file };
    this.#byFile.set(file, loaded);
    for (const name of [command.name, ...command.aliases]) this.#byName.set(name, loaded);
  }

  delete(file: string): void {
    const old = this.#byFile.get(file);
    if (old === undefined) return;
    this.#byFile.delete(file);
    for (const name of [old.command.name, ...old.command.aliases]) this.#byName.delete(name);
  }
}
