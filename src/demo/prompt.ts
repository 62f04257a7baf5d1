import { createInterface, type Interface } from 'node:readline';
import { messageOf } from '../core/errors.ts';
import { roleName } from './cast.ts';
import { answered, DemoProblem, link } from './demo-waits.ts';
import type { Screen } from './demo-window.ts';
import { paint } from './demo-window.ts';
import type { Reporter } from './event-reporter.ts';
import { Actions, type Explain } from './prompt-actions.ts';
import { complete, readOrder } from './prompt-lines.ts';
import type { Stage } from './stage.ts';
import { alarm, told } from './story-lines.ts';

export interface PromptParts {
  readonly stage: Stage;
  readonly screen: Screen;
  readonly reporter: Reporter;
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly explain: Explain;
}

/** What a pipe gave last may still be answered. */
const LAST_ANSWERS_MS = 3_000;

/** The line to type on: one order after the other, until `/quit`, Ctrl+C, or the end of the input. */
export class Prompt {
  readonly #parts: PromptParts;
  readonly #actions: Actions;
  readonly #isInteractive: boolean;
  #typing: Interface | undefined;
  #queue: Promise<void> = Promise.resolve();
  #isLinking = false;

  constructor(parts: PromptParts) {
    this.#parts = parts;
    this.#isInteractive = parts.input.isTTY === true && parts.output.isTTY === true;
    this.#actions = new Actions({ ...parts, isInteractive: this.#isInteractive });
  }

  /** Resolves at `/quit`, Ctrl+C, the end of the input, or the abort of the stage's signal. */
  async run(): Promise<void> {
    const { stage, screen, input, output } = this.#parts;
    const linkAgain = (): void => void this.#link();
    stage.simulator.events.on('qr-requested', linkAgain);
    const typing = this.#isInteractive
      ? createInterface({ input, output, completer: complete })
      : createInterface({ input });
    this.#typing = typing;
    screen.keepLineOf(typing);
    this.#showPrompt();
    try {
      await this.#untilQuit(typing);
    } finally {
      stage.simulator.events.off('qr-requested', linkAgain);
      screen.keepLineOf(undefined);
      typing.close();
    }
  }

  async #untilQuit(typing: Interface): Promise<void> {
    const { stage } = this.#parts;
    await new Promise<void>((resolve) => {
      stage.signal.addEventListener('abort', () => resolve(), { once: true });
      typing.on('SIGINT', resolve);
      typing.on('close', () => void this.#queue.then(resolve));
      typing.on('line', (line) => {
        this.#queue = this.#queue.then(() => this.#obey(line, resolve));
      });
    });
    if (!this.#isInteractive && stage.bot.isRunning) await answered(stage, LAST_ANSWERS_MS);
  }

  async #obey(line: string, quit: () => void): Promise<void> {
    const { screen, stage } = this.#parts;
    if (stage.signal.aborted) return;
    try {
      const order = readOrder(line);
      if (order.do === 'quit') quit();
      else await this.#actions.perform(order);
    } catch (error) {
      if (stage.signal.aborted) return;
      screen.print(alarm(messageOf(error), screen.look));
    }
    this.#showPrompt();
  }

  /** Whenever the bot shows a code, the phone scans it. */
  async #link(): Promise<void> {
    const { stage, screen } = this.#parts;
    if (this.#isLinking) return;
    this.#isLinking = true;
    try {
      await link(stage);
    } catch (error) {
      // The end of the bot is news of its own.
      if (!stage.signal.aborted && !(error instanceof DemoProblem))
        screen.print(told(`The phone could not link the bot: ${messageOf(error)}.`, screen.look));
    } finally {
      this.#isLinking = false;
    }
  }

  #showPrompt(): void {
    if (!this.#isInteractive || !this.#typing) return;
    const { look } = this.#parts.screen;
    this.#typing.setPrompt(`${paint(look, 'bold', roleName(this.#actions.role))} › `);
    this.#typing.prompt(true);
  }
}
