import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Group, GroupOptions } from '../phones/group.ts';
import type { OwnerPhone } from '../phones/owner-phone.ts';
import type { PersonOptions } from '../phones/person.ts';
import { SimulatedWhatsApp, type SimulatorOptions } from '../server/simulated-whatsapp.ts';
import { DEFAULT_DEADLINE_MS } from './deadline-error.ts';
import { TestBot } from './test-bot.ts';
import { TestFaults } from './test-faults.ts';
import { TestPerson } from './test-person.ts';

export interface TestOptions extends SimulatorOptions {
  /** How long each wait may take, in milliseconds. Default 5000. */
  deadlineMs?: number;
}

/** A WhatsApp of a test's own: a server on loopback, people with phones, and the owner's phone. */
export class TestWhatsApp {
  /** The bot as WhatsApp sees it: pairing, and whether it is online. */
  readonly bot: TestBot;
  /** What WhatsApp does wrong. */
  readonly fault: TestFaults;
  /** The simulator itself, for everything that has no method here. */
  readonly simulator: SimulatedWhatsApp;
  readonly #deadlineMs: number;
  #certificateFolder: string | undefined;

  constructor(options: TestOptions = {}) {
    this.#deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
    this.simulator = new SimulatedWhatsApp(options);
    this.bot = new TestBot(this.simulator, this.#deadlineMs);
    this.fault = new TestFaults(this.simulator.faults);
  }

  /** The address for `waWebSocketUrl` of Baileys. */
  get url(): string {
    return this.simulator.url;
  }

  /** The owner's phone: scans a QR text, enters a code, unlinks the bot, writes. */
  get phone(): OwnerPhone {
    return this.simulator.phone;
  }

  /** The public root key of the server's certificate chain, in base64. A client that checks the chain must have it. */
  get rootKey(): string {
    return this.simulator.rootKey;
  }

  /** The certificate of the media host, as PEM. A client that sends or downloads files must trust it. */
  get mediaCertificate(): string {
    return this.simulator.media.identity.cert;
  }

  /** Environment variables for a bot in a process of its own. The certificate is in a file that `stop` removes. */
  env(): {
    readonly WA_WEBSOCKET_URL: string;
    readonly WA_ROOT_KEY: string;
    readonly NODE_EXTRA_CA_CERTS: string;
  } {
    this.#certificateFolder ??= mkdtempSync(join(tmpdir(), 'whatsapp-test-'));
    const path = join(this.#certificateFolder, 'media-host.pem');
    writeFileSync(path, this.mediaCertificate);
    return { WA_WEBSOCKET_URL: this.url, WA_ROOT_KEY: this.rootKey, NODE_EXTRA_CA_CERTS: path };
  }

  person(name: string, options: Omit<PersonOptions, 'name'> = {}): TestPerson {
    return new TestPerson(this.simulator.addPerson({ ...options, name }), this.#deadlineMs);
  }

  /** A group of these people and the bot. */
  group(
    subject: string,
    people: readonly TestPerson[],
    options: Omit<GroupOptions, 'subject' | 'people' | 'admins'> & { admins?: readonly TestPerson[] } = {},
  ): Group {
    const admins = (options.admins ?? []).map(({ phone }) => phone);
    return this.simulator.addGroup({ ...options, subject, people: people.map(({ phone }) => phone), admins });
  }

  /** Ends all connections and removes the certificate file. */
  async stop(): Promise<void> {
    await this.simulator.stop();
    if (this.#certificateFolder) rmSync(this.#certificateFolder, { recursive: true, force: true });
    this.#certificateFolder = undefined;
  }
}

/** Starts a WhatsApp on a free port of loopback. Stop it when the test is done. */
export async function startWhatsApp(options: TestOptions = {}): Promise<TestWhatsApp> {
  const wa = new TestWhatsApp(options);
  await wa.simulator.start();
  return wa;
}
