import { EventEmitter } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MediaFile } from '../simulator/media/media-message.ts';
import { userOf } from '../simulator/phones/contact-address.ts';
import type { Person } from '../simulator/phones/person.ts';
import type { ReceivedMessage } from '../simulator/phones/received-messages.ts';
import { SimulatedWhatsApp } from '../simulator/server/simulated-whatsapp.ts';
import { type Arrival, Ledger, type Question } from './answer-ledger.ts';
import { BotProcess, botEnv } from './bot-process.ts';
import { Cast, contentLine, type Role } from './demo-people.ts';

/** What happens by itself and is shown as it comes. */
export type News =
  | { readonly kind: 'log'; readonly line: string }
  | { readonly kind: 'qr'; readonly code: readonly string[] }
  | {
      readonly kind: 'wrote';
      readonly to: string;
      readonly text: string;
      readonly arrival: Arrival;
      readonly attempt: number;
    }
  | { readonly kind: 'unreadable'; readonly who: string }
  | { readonly kind: 'started'; readonly pid: number | undefined }
  | {
      readonly kind: 'opened';
      readonly how: 'linked' | 'back' | 'reconnected';
      /** Since its start. */
      readonly afterMs: number;
    }
  | {
      readonly kind: 'ended';
      readonly code: number | null;
      readonly signal: string | null;
      readonly lastLines: readonly string[];
    }
  | { readonly kind: 'told'; readonly text: string }
  | { readonly kind: 'problem'; readonly text: string };

export interface DemoSetupOptions {
  /** An empty folder for everything that is written. */
  readonly folder: string;
  /** What the bot inherits. */
  readonly env: NodeJS.ProcessEnv;
  /** Ends every wait. */
  readonly signal: AbortSignal;
  /** Folders of projects whose commands the bot gets too. */
  readonly projects: readonly string[];
}

/** Simulator, people and bot: what the story and the prompt act on. What happens by itself comes as `news`. */
export class DemoSetup extends EventEmitter<{ news: [News] }> {
  readonly simulator = new SimulatedWhatsApp();
  readonly cast = new Cast(this.simulator);
  readonly ledger = new Ledger();
  readonly bot: BotProcess;
  readonly signal: AbortSignal;
  readonly #options: DemoSetupOptions;
  /** By who wrote and where. */
  readonly #lastWritten = new Map<string, string>();
  #lastMessageId: string | undefined;
  #qrRequests = 0;
  #isNewlyLinked = false;
  #isFreshStart = true;
  #offline: NodeJS.Timeout | undefined;

  constructor(options: DemoSetupOptions) {
    super();
    this.setMaxListeners(0);
    this.#options = options;
    this.signal = options.signal;
    this.bot = new BotProcess(options.folder, options.projects);
  }

  get sessionPath(): string {
    return join(this.#options.folder, 'sessions');
  }

  /** How often a bot without a session has asked for a QR code. */
  get qrRequests(): number {
    return this.#qrRequests;
  }

  get isConnected(): boolean {
    return this.simulator.devices.some(({ connection }) => connection !== undefined);
  }

  get unreadable(): number {
    return this.cast.phones.reduce((sum, phone) => sum + phone.unreadable.length, 0);
  }

  async start(): Promise<void> {
    await this.simulator.start();
    this.#listen();
  }

  /** The bot as a new process. Does nothing if it runs. */
  async startBot(): Promise<void> {
    const { folder, env } = this.#options;
    const { simulator, bot } = this;
    const certificatePath = join(folder, 'files.pem');
    await writeFile(certificatePath, simulator.media.identity.cert);
    this.#isFreshStart = true;
    bot.start(botEnv(env, { url: simulator.url, rootKey: simulator.rootKey, certificatePath }));
    this.emit('news', { kind: 'started', pid: bot.pid });
  }

  async stop(): Promise<void> {
    clearTimeout(this.#offline);
    await this.bot.stop();
    await this.simulator.stop();
  }

  /** Somebody writes to the bot. `isQuiet` if answers are counted and not shown. */
  async write({ who, phone, group }: Role, text: string, isQuiet = false): Promise<string> {
    const askedAtMs = Date.now();
    const { id } = await phone.send(text, group);
    this.#noteWritten({ who, phone, group }, { id, who, text, askedAtMs, isQuiet });
    return id;
  }

  /** Somebody sends a file to the bot. */
  async sendFile(role: Role & { readonly phone: Person }, file: MediaFile): Promise<string> {
    const { who, phone, group } = role;
    const askedAtMs = Date.now();
    const { id } = await phone.sendMedia(file, group ? { to: group } : {});
    this.#noteWritten(role, { id, who, text: file.caption ?? '', askedAtMs, isQuiet: false });
    return id;
  }

  /** The id of the last message that somebody wrote in this chat. */
  lastWritten(role: Role): string | undefined {
    return this.#lastWritten.get(placeKey(role));
  }

  /** The id of the last message that anybody wrote to the bot. */
  get lastMessageId(): string | undefined {
    return this.#lastMessageId;
  }

  /** Takes the network away for this number of seconds; 0 ends it now. */
  async goOffline(seconds: number): Promise<void> {
    clearTimeout(this.#offline);
    const { faults } = this.simulator;
    if (seconds === 0) return faults.up();
    await faults.down();
    this.#offline = setTimeout(() => {
      this.emit('news', { kind: 'told', text: 'The network is back.' });
      faults
        .up()
        .catch(() => this.emit('news', { kind: 'problem', text: 'The simulator cannot come back.' }));
    }, seconds * 1000);
  }

  /** `rm -rf ./sessions`. */
  async forget(): Promise<void> {
    await rm(this.sessionPath, { recursive: true, force: true });
  }

  #noteWritten(role: Role, question: Question): void {
    this.ledger.asked(question);
    this.#lastWritten.set(placeKey(role), question.id);
    this.#lastMessageId = question.id;
  }

  #listen(): void {
    const { bot, simulator } = this;
    bot.on('printed', (line) => this.emit('news', { kind: 'log', line }));
    bot.on('showed', (code) => this.emit('news', { kind: 'qr', code }));
    bot.on('ended', (code, signal, isAsked) => {
      if (isAsked || this.signal.aborted) return;
      this.emit('news', { kind: 'ended', code, signal, lastLines: bot.lastLines });
    });
    simulator.events.on('qr-requested', () => {
      this.#qrRequests += 1;
    });
    simulator.events.on('paired', () => {
      this.#isNewlyLinked = true;
    });
    simulator.events.on('opened', () => this.#opened());
    for (const phone of this.cast.phones) {
      phone.events.on('received', (message) => this.#received(phone, message));
      phone.events.on('failed', ({ attempts }) => {
        if (attempts === 1) this.emit('news', { kind: 'unreadable', who: phone.name });
      });
    }
  }

  #opened(): void {
    const how = this.#isNewlyLinked ? 'linked' : this.#isFreshStart ? 'back' : 'reconnected';
    this.#isNewlyLinked = false;
    this.#isFreshStart = false;
    this.emit('news', { kind: 'opened', how, afterMs: this.bot.ageMs });
  }

  #received(phone: Role['phone'], message: ReceivedMessage): void {
    const { cast } = this;
    const { id, chat, quotedId, atMs, attempt } = message;
    const isGroup = chat === cast.family.jid;
    // The owner's phone also shows what its account writes to others.
    if (phone === cast.owner && !isGroup && ![phone.number, phone.lid].includes(userOf(chat))) return;
    const place = isGroup ? chat : phone.name;
    const text = contentLine(message);
    const arrival = this.ledger.received({ id, place, text, quotedId, atMs });
    const to = isGroup ? cast.family.subject : phone.name;
    this.emit('news', { kind: 'wrote', to, text, arrival, attempt });
  }
}

const placeKey = ({ who, group }: Role): string => `${who} ${group?.jid}`;
