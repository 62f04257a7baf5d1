import { setTimeout } from 'node:timers/promises';
import type { Role } from './demo-people.ts';
import type { DemoSetup } from './demo-setup.ts';
import { answered, connectedOrEnded } from './demo-waits.ts';
import type { Reporter } from './event-reporter.ts';
import { PhoneActions } from './phone-actions.ts';
import { HELP, type Order } from './prompt-orders.ts';
import { alarm, aside, duration, helpLines, logged, type Screen, said, told } from './screen.ts';

export interface ActionsParts {
  readonly setup: DemoSetup;
  readonly screen: Screen;
  readonly reporter: Reporter;
  /** A person types and sees what comes; a pipe waits for it, so that its next order finds it done. */
  readonly isInteractive: boolean;
  readonly explain: Explain;
}

/** What the bot's session says of a message. */
export type Explain = (
  sessionPath: string,
  id: string,
) => Promise<{ readonly isSettled: boolean; readonly lines: readonly string[] }>;

const BURST_WITHIN_MS = 60_000;
const CONNECT_WITHIN_MS = 15_000;
const LAST_LINES = 15;
const EXPLAIN_WITHIN_MS = 3_000;
const LOOK_EVERY_MS = 100;

/** Does what is ordered at the prompt. */
export class Actions {
  role: Role;
  readonly #parts: ActionsParts;
  readonly #phones: PhoneActions;

  constructor(parts: ActionsParts) {
    const { setup, screen, isInteractive } = parts;
    this.#parts = parts;
    this.role = setup.cast.named('Anna');
    this.#phones = new PhoneActions({
      setup,
      isInteractive,
      said: ({ who, group }, text) => this.#print(said(who, group?.subject ?? 'bot', text, '', screen.look)),
      explain: (text) => this.#aside(text),
    });
  }

  async perform(order: Exclude<Order, { do: 'quit' }>): Promise<void> {
    switch (order.do) {
      case 'nothing':
        return;
      case 'explain':
        return this.#aside(order.text);
      case 'help':
        return this.#print(helpLines(HELP, this.#parts.screen.look));
      case 'be':
        return this.#be(order.names);
      case 'write':
      case 'photo':
      case 'voice':
      case 'vote':
      case 'react':
      case 'edit':
      case 'join':
      case 'leave':
        return this.#phones.perform(order, this.role);
      case 'why':
        return this.#why();
      case 'burst':
        return this.#burst(order.count);
      case 'log':
        return this.#log(order.follow);
      case 'kill':
        return this.#kill();
      case 'restart':
        return this.#restart();
      case 'offline':
        return this.#goOffline(order.seconds);
      case 'logout':
        return this.#logOut();
      case 'forget':
        return this.#forget();
      default:
        return order satisfies never;
    }
  }

  #be(names: readonly string[]): void {
    const role = this.#parts.setup.cast.find(names, this.role);
    if (role) this.role = role;
    else this.#aside('There are Anna, Ben, Owner, and the group Family.');
  }

  /** What became of the last message. One that was just sent may still be in progress. */
  async #why(): Promise<void> {
    const { setup, explain } = this.#parts;
    const { lastMessageId } = setup;
    if (lastMessageId === undefined) return this.#aside('Nobody has written yet.');
    const untilMs = performance.now() + EXPLAIN_WITHIN_MS;
    let explained = await explain(setup.sessionPath, lastMessageId);
    while (!explained.isSettled && setup.bot.isRunning && performance.now() < untilMs) {
      await setTimeout(LOOK_EVERY_MS, undefined, { signal: setup.signal });
      explained = await explain(setup.sessionPath, lastMessageId);
    }
    for (const line of explained.lines) this.#tell(line);
    if (!explained.isSettled && !setup.bot.isRunning)
      this.#aside('(The bot is not running: WhatsApp keeps it.)');
  }

  async #burst(count: number): Promise<void> {
    const { setup, isInteractive } = this.#parts;
    this.#tell(`${this.role.who} sends ${count} × !ping at once.`);
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1) ids.push(await setup.write(this.role, '!ping', true));
    if (!setup.bot.isRunning) this.#aside('(The bot is not running: WhatsApp keeps it.)');
    const counted = this.#count(ids);
    if (!isInteractive) await counted;
  }

  /** Must never reject: on a terminal `#burst` does not await it. */
  async #count(ids: readonly string[]): Promise<void> {
    const { setup, screen } = this.#parts;
    const isDone = await answered(setup, BURST_WITHIN_MS, ids);
    if (setup.signal.aborted) return;
    const { asked, answered: count, doubles, isInOrder, tookMs } = setup.ledger.tally(ids);
    const text = `${asked} messages, ${count} answers in ${duration(tookMs)}`;
    if (isDone && doubles === 0 && isInOrder) return this.#tell(`${text}: each once, in order.`);
    const order = isInOrder ? '' : ', in another order';
    this.#print(alarm(`${text}, ${doubles} of them twice${order}`, screen.look));
  }

  async #kill(): Promise<void> {
    const { bot } = this.#parts.setup;
    const { pid } = bot;
    if (!bot.isRunning) return this.#aside('It is not running. /restart starts it.');
    await bot.kill();
    this.#tell(`Process ${pid} is gone. Write to it, and then /restart.`);
  }

  async #restart(): Promise<void> {
    const { setup, isInteractive } = this.#parts;
    const startedAtMs = performance.now();
    if (setup.bot.isRunning) {
      await setup.bot.stop();
      this.#tell(`The bot has stopped, in ${duration(performance.now() - startedAtMs)}.`);
    }
    await setup.startBot();
    if (!isInteractive) await connectedOrEnded(setup, CONNECT_WITHIN_MS);
  }

  async #goOffline(seconds: number): Promise<void> {
    await this.#parts.setup.goOffline(seconds);
    if (seconds === 0) this.#tell('The network is back.');
    else
      this.#tell(
        `No network for ${seconds === 1 ? 'a second' : `${seconds} seconds`}. What is written meanwhile, WhatsApp keeps.`,
      );
  }

  async #logOut(): Promise<void> {
    const { setup, isInteractive } = this.#parts;
    this.#tell('The phone removes the bot from its linked devices.');
    const isRunning = setup.bot.isRunning;
    setup.simulator.phone.unlink();
    if (isRunning && !isInteractive) await connectedOrEnded(setup, CONNECT_WITHIN_MS);
  }

  async #forget(): Promise<void> {
    const { setup } = this.#parts;
    if (setup.bot.isRunning) return this.#aside('Not while the bot runs: /logout or /kill first.');
    await setup.forget();
    this.#tell('$ rm -rf ./sessions');
    this.#aside('/restart shows a new QR code, and the phone scans it.');
  }

  #log(follow: boolean | undefined): void {
    const { reporter, setup, screen } = this.#parts;
    if (follow !== undefined) reporter.isFollowing = follow;
    if (follow === true) this.#aside('Every line of the log is shown from here on; /log off stops that.');
    if (follow !== undefined) return;
    this.#print(setup.bot.lines.slice(-LAST_LINES).flatMap((line) => logged(line, screen.look)));
  }

  #tell(text: string): void {
    this.#print(told(text, this.#parts.screen.look));
  }

  #aside(text: string): void {
    this.#print(aside(text, this.#parts.screen.look));
  }

  #print(lines: readonly string[]): void {
    this.#parts.screen.print(lines);
  }
}
