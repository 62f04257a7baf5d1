import { stripVTControlCharacters } from 'node:util';

/** Where the blocks are written: the sink of the log, so that log lines and blocks keep their order. */
export interface PairingOutput {
  write(text: string): unknown;
  /** How often it was written to, if it counts that: only the last text on the screen can be changed. */
  readonly writes?: number;
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * The last block on the terminal. It can be erased, and its last line replaced, while nothing was written after it
 * and the window has the same width. Otherwise these calls change nothing.
 */
export class TerminalBlock {
  readonly #output: PairingOutput;
  readonly #size: () => ScreenSize | undefined;
  #last:
    | { readonly lines: number; readonly columns: number; readonly writes: number | undefined }
    | undefined;

  /** `size` gives undefined if there is no terminal, or if it must not be written over. */
  constructor(output: PairingOutput, size: () => ScreenSize | undefined) {
    this.#output = output;
    this.#size = size;
  }

  /** `block` must end with an empty line. */
  print(block: string): void {
    this.#output.write(block);
    const columns = this.#size()?.columns;
    const { writes } = this.#output;
    this.#last = columns === undefined ? undefined : { lines: countLines(block, columns), columns, writes };
  }

  /**
   * Erases the last block if all of it is on the screen; what scrolled away cannot be erased. Returns whether it did.
   */
  erase(): boolean {
    const rows = this.#size()?.rows;
    const lines = this.#isLastUntouched() ? this.#last?.lines : undefined;
    this.#last = undefined;
    if (lines === undefined || rows === undefined || rows <= lines) return false;
    this.#output.write(`\u001b[${lines}A\u001b[0J`);
    return true;
  }

  /** Replaces the last line of the last block. Both must fit into one row. Returns whether it did. */
  replaceLastLine(line: string): boolean {
    if (this.#last === undefined || !this.#isLastUntouched() || line.length >= this.#last.columns)
      return false;
    this.#output.write(`\u001b[2A\r${line}\u001b[K\u001b[2B\r`);
    this.#last = { ...this.#last, writes: this.#output.writes };
    return true;
  }

  #isLastUntouched(): boolean {
    const { writes } = this.#output;
    return (
      writes !== undefined && writes === this.#last?.writes && this.#size()?.columns === this.#last.columns
    );
  }
}

/** How many rows a text takes on a terminal of this width. */
export function countLines(text: string, columns: number): number {
  const lines = stripVTControlCharacters(text).split('\n').slice(0, -1);
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil([...line].length / columns)), 0);
}
