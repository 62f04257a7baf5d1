import { stripVTControlCharacters } from 'node:util';

/** Where the blocks go; the log's own sink, so that lines and blocks keep their order. */
export interface PairingOutput {
  write(text: string): unknown;
  /** How often it was written to, where it counts that: a block can only be changed while it is the last thing. */
  readonly writes?: number;
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * What stands on the terminal, as far as the last block goes: it can be taken back, and its last line replaced,
 * while nothing came after it and its lines are still folded as they were. Else everything stays as it is.
 */
export class Screen {
  readonly #output: PairingOutput;
  readonly #size: () => ScreenSize | undefined;
  #last:
    | { readonly lines: number; readonly columns: number; readonly writes: number | undefined }
    | undefined;

  /** `size` is undefined where there is no terminal, or none that may be written over. */
  constructor(output: PairingOutput, size: () => ScreenSize | undefined) {
    this.#output = output;
    this.#size = size;
  }

  /** The block ends with its last line and an empty one. */
  print(block: string): void {
    this.#output.write(block);
    const columns = this.#size()?.columns;
    const { writes } = this.#output;
    this.#last = columns === undefined ? undefined : { lines: countLines(block, columns), columns, writes };
  }

  /** Takes the last block off the screen, if all of it is still there. What scrolled away cannot be. */
  erase(): boolean {
    const rows = this.#size()?.rows;
    const lines = this.#isLastUntouched() ? this.#last?.lines : undefined;
    this.#last = undefined;
    if (lines === undefined || rows === undefined || rows <= lines) return false;
    this.#output.write(`\u001b[${lines}A\u001b[0J`);
    return true;
  }

  /** Writes over the last line of the last block, which has to fit into one row, and so has this one. */
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

/** The lines that a text takes on a terminal, long ones folded. */
export function countLines(text: string, columns: number): number {
  const lines = stripVTControlCharacters(text).split('\n').slice(0, -1);
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil([...line].length / columns)), 0);
}
