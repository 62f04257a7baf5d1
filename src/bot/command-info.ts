import type { Access } from './run/access.ts';

/** A command as its users know it. */
export interface CommandInfo {
  /** In lower case. */
  readonly name: string;
  /** Its further names, in lower case. */
  readonly aliases: readonly string[];
  /** What it does, in one line. */
  readonly summary: string;
  /** Who may use it. */
  readonly access: Access;
  /** How it is written: `!remind <20m> <text…>`. */
  readonly usage: string;
}
