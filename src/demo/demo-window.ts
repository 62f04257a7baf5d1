import { clearScreenDown, cursorTo, type Interface, moveCursor } from 'node:readline';
import type { Look } from './text-style.ts';

/** The window. What is printed while somebody types goes above the line that is being typed. */
export class Screen {
  readonly #output: NodeJS.WriteStream;
  readonly #isColorAllowed: boolean;
  #typing: Interface | undefined;

  constructor(output: NodeJS.WriteStream, isColorAllowed: boolean) {
    this.#output = output;
    this.#isColorAllowed = isColorAllowed;
  }

  get isTerminal(): boolean {
    return this.#output.isTTY === true;
  }

  /** As it is right now: windows change their size. */
  get look(): Look {
    return { columns: this.#output.columns ?? 80, isColorful: this.isTerminal && this.#isColorAllowed };
  }

  print(lines: readonly string[]): void {
    if (lines.length === 0) return;
    const text = `${lines.join('\n')}\n`;
    if (!this.#typing) {
      this.#output.write(text);
      return;
    }
    moveCursor(this.#output, 0, -this.#typing.getCursorPos().rows);
    cursorTo(this.#output, 0);
    clearScreenDown(this.#output);
    this.#output.write(text);
    this.#typing.prompt(true);
  }

  /** From here on there is a line to keep; undefined ends it. */
  keepLineOf(typing: Interface | undefined): void {
    this.#typing = this.isTerminal ? typing : undefined;
  }
}
