import { createInterface, type Interface } from 'node:readline';
import { messageOf } from '../core/errors.ts';
import { roleName } from './demo-people.ts';
import type { DemoSetup } from './demo-setup.ts';
import { answered, DemoProblem, link } from './demo-waits.ts';
import type { Reporter } from './event-reporter.ts';
import { Actions, type Explain } from './prompt-actions.ts';
import { complete, readOrder } from './prompt-orders.ts';
import { alarm, paint, type Screen, told } from './screen.ts';

export interface PromptParts {
  readonly setup: DemoSetup;
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

  /** Resolves at `/quit`, Ctrl+C, the end of the input, or the abort of the setup's signal. */
  async run(): Promise<void> {
    const { setup, screen, input, output } = this.#parts;
    const linkAgain = (): void => void this.#link();
    setup.simulator.events.on('qr-requested', linkAgain);
    const typing = this.#isInteractive
      ? createInterface({ input, output, completer: complete })
      : createInterface({ input });
    this.#typing = typing;
    screen.keepLineOf(typing);
    this.#showPrompt();
    try {
      await this.#untilQuit(typing);
    } finally {
      setup.simulator.events.off('qr-requested', linkAgain);
      screen.keepLineOf(undefined);
      typing.close();
    }
  }

  async #untilQuit(typing: Interface): Promise<void> {
    const { setup } = this.#parts;
    await new Promise<void>((resolve) => {
      setup.signal.addEventListener('abort', () => resolve(), { once: true });
      typing.on('SIGINT', resolve);
      typing.on('close', () => void this.#queue.then(resolve));
      typing.on('line', (line) => {
        this.#queue = this.#queue.then(() => this.#obey(line, resolve));
      });
    });
    if (!this.#isInteractive && setup.bot.isRunning) await answered(setup, LAST_ANSWERS_MS);
  }

  async #obey(line: string, quit: () => void): Promise<void> {
    const { screen, setup } = this.#parts;
    if (setup.signal.aborted) return;
    try {
      const order = readOrder(line);
      if (order.do === 'quit') quit();
      else await this.#actions.perform(order);
    } catch (error) {
      if (setup.signal.aborted) return;
      screen.print(alarm(messageOf(error), screen.look));
    }
    this.#showPrompt();
  }

  /** Whenever the bot shows a code, the phone scans it. */
  async #link(): Promise<void> {
    const { setup, screen } = this.#parts;
    if (this.#isLinking) return;
    this.#isLinking = true;
    try {
      await link(setup);
    } catch (error) {
      // The end of the bot is news of its own.
      if (!setup.signal.aborted && !(error instanceof DemoProblem))
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
