/**
 * A WhatsApp server for tests and the demo: real clients pair with it and talk to the people it simulates.
 *
 * It speaks WebSocket, Noise, binary nodes, registration and login, pairing by QR and by code, the Signal key
 * directory, receipts, acknowledgements and redelivery, and answers what a client asks after login.
 *
 * Left out: TLS on the socket, WhatsApp's own certificates (see noise-certificate.ts), people with more devices than a
 * phone, the media of calls, communities, business profiles, profile pictures, the account's settings (app state is
 * empty, and patches are dropped), blocking, rate limits, participant hashes, and reports.
 * QR refs do not expire: the client stops showing them.
 */

import { randomInt } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { Curve } from '@whiskeysockets/baileys';
import { MediaHost } from '../media/media-host.ts';
import { PairingServer } from '../pairing/pairing-server.ts';
import { Group, type GroupOptions } from '../phones/group.ts';
import { newsletterPost } from '../phones/newsletter-post.ts';
import { OwnerPhone } from '../phones/owner-phone.ts';
import { Person, type PersonOptions } from '../phones/person.ts';
import type { Network } from '../phones/phone-network.ts';
import type { QueryContext } from '../queries/query-context.ts';
import type { Connection, ConnectionListener } from '../wire/client-connection.ts';
import { CertificateAuthority } from '../wire/noise-certificate.ts';
import type { Stanza } from '../wire/stanza.ts';
import { Listener } from '../wire/websocket-listener.ts';
import type { Companion } from './companion-device.ts';
import { Directory } from './directory.ts';
import { initialSwitches } from './fault-switches.ts';
import { Faults } from './faults.ts';
import { Logins } from './logins.ts';
import { serverNetwork } from './server-network.ts';
import type { SimulatorEvents } from './simulator-events.ts';
import { Router } from './stanza-router.ts';

export interface SimulatorOptions {
  /** Default 0: any free one. */
  port?: number;
  /** How many QR refs a client gets. Default 6. */
  qrRefs?: number;
  owner?: { number?: string; lid?: string; name?: string };
}

/**
 * A WhatsApp server on loopback, with people and their phones. A bot connects to it as to the real one: pairing,
 * encryption, groups, media, and faults on demand.
 */
export class SimulatedWhatsApp {
  readonly events = new EventEmitter<SimulatorEvents>();
  /** The owner's own phone. */
  readonly phone: OwnerPhone;
  readonly faults: Faults;
  /** The host of media files. Clients must trust its certificate. */
  readonly media = new MediaHost();
  readonly #directory: Directory;
  readonly #network: Network;
  readonly #switches = initialSwitches();
  readonly #listener: Listener;
  readonly #certificates: CertificateAuthority;
  readonly #pairing: PairingServer;
  readonly #logins: Logins;
  readonly #router: Router;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #nextDeviceId = 1;
  #pairings = 0;

  constructor(options: SimulatorOptions = {}) {
    const { number = '15550100000', lid = '100000000000000', name = 'Owner' } = options.owner ?? {};
    const owner = { number, lid };
    const { events } = this;
    const switches = this.#switches;
    const directory = new Directory(owner);
    this.#directory = directory;
    this.#network = serverNetwork({ directory, media: this.media, switches: switches.queries });
    this.phone = new OwnerPhone(this.#network, owner, name, {
      scan: (qr) => this.#pairing.scan(qr),
      enterCode: (code) => this.#pairing.enterCode(code),
      unlink: () => this.faults.removeDevice(),
    });
    directory.phone = this.phone;
    this.#pairing = new PairingServer({
      owner,
      switches: switches.pairing,
      account: () => this.phone.keys.identity,
      qrRefs: options.qrRefs ?? 6,
      nextDeviceId: () => this.#nextDeviceId++,
      linked: (companion) => this.#linked(companion),
    });
    this.#logins = new Logins({ directory, switches, pairing: this.#pairing, events });
    this.#router = new Router({
      contextOf: (companion) => this.#contextOf(companion),
      failed: (error) => void events.emit('input-refused', error),
    });
    const key = Curve.generateKeyPair();
    this.#certificates = new CertificateAuthority(key);
    this.#listener = new Listener(
      options.port ?? 0,
      key,
      this.#certificates,
      switches.connection,
      this.#connectionListener(),
    );
    this.faults = new Faults({
      listener: this.#listener,
      switches,
      pairing: this.#pairing,
      forgetCompanions: () => directory.companions.clear(),
    });
  }

  /** The address for clients. Valid after `start`. */
  get url(): string {
    return `ws://127.0.0.1:${this.#listener.port}/ws/chat`;
  }

  /** The public root key of the Noise certificates, in base64. WhatsApp's own cannot be used by anybody else. */
  get rootKey(): string {
    return this.#certificates.rootKey.toString('base64');
  }

  /** The linked devices: none, or the bot. */
  get devices(): Companion[] {
    return [...this.#directory.companions.values()];
  }

  /** Since the simulator was made. */
  get counters(): { connections: number; logins: number; refusedLogins: number; pairings: number } {
    return { ...this.#logins.counters, pairings: this.#pairings };
  }

  /** The version of the last client, e.g. `2.3000.1043857760`. */
  get clientVersion(): string | undefined {
    return this.#logins.clientVersion;
  }

  /** Clients with an older version get 405. Default undefined: every version is accepted. */
  get minimumVersion(): string | undefined {
    return this.#logins.minimumVersion;
  }

  set minimumVersion(version: string | undefined) {
    this.#logins.minimumVersion = version;
  }

  /** Listens on 127.0.0.1. */
  start(): Promise<void> {
    this.#starting ??= this.#open();
    return this.#starting;
  }

  /** Ends all connections. The state stays, and `start` listens on the same port again. */
  stop(): Promise<void> {
    this.#stopping ??= this.#close();
    return this.#stopping;
  }

  /**
   * Takes over copies of the owner's phone and the linked devices of another simulator with the same owner, so that a
   * copy of the bot's session folder logs in here. Pairing once is then enough for many tests. People are not copied.
   */
  adoptAccount(other: SimulatedWhatsApp): void {
    this.phone.adopt(other.phone);
    for (const device of other.devices) this.#directory.companions.set(device.id, device.copy());
    this.#nextDeviceId = other.#nextDeviceId;
  }

  addPerson(options: PersonOptions = {}): Person {
    const index = this.#directory.people.length + 1;
    const number = options.number ?? `1555020${String(index).padStart(4, '0')}`;
    const lid = options.lid ?? `2000000${String(index).padStart(8, '0')}`;
    const name = options.name ?? `Person ${index}`;
    const person = new Person(this.#network, { number, lid }, name, options);
    this.#directory.add(person);
    return person;
  }

  addGroup(options: GroupOptions): Group {
    const id = `120363${String(randomInt(10 ** 12)).padStart(12, '0')}`;
    const group = new Group(id, this.phone, options, this.#network);
    this.#directory.groups.set(group.jid, group);
    return group;
  }

  /** A newsletter that the account follows has a new post. Returns its id. */
  postToNewsletter(text: string, newsletter = '120363000000000001@newsletter'): string {
    const post = newsletterPost(newsletter, text);
    for (const { mailbox } of this.devices) mailbox.post(post.stanza);
    return post.id;
  }

  async #open(): Promise<void> {
    const stopping = this.#stopping;
    this.#stopping = undefined;
    await stopping;
    await Promise.all([this.#listener.start(), this.media.start()]);
  }

  async #close(): Promise<void> {
    const starting = this.#starting;
    this.#starting = undefined;
    await starting?.catch(() => undefined);
    await Promise.all([this.#listener.stop(), this.media.stop()]);
  }

  #connectionListener(): ConnectionListener {
    return {
      authenticated: (connection, finish) => this.#logins.authenticated(connection, finish),
      received: (connection, node) => this.#received(connection, node),
      sent: (connection, node) => {
        this.events.emit('stanza-out', node, this.#logins.companionOn(connection));
      },
      refused: (_, error) => void this.events.emit('input-refused', error),
      closed: (connection) => this.#logins.closed(connection),
    };
  }

  #received(connection: Connection, node: Stanza): void {
    const companion = this.#logins.companionOn(connection);
    this.events.emit('stanza-in', node, companion);
    if (companion) this.#router.received(companion, node);
    else this.#pairing.received(connection, node);
  }

  #linked(companion: Companion): void {
    this.#directory.companions.set(companion.id, companion);
    this.#pairings++;
    this.events.emit('paired', companion);
  }

  #contextOf(companion: Companion): QueryContext {
    return {
      companion,
      directory: this.#directory,
      switches: this.#switches,
      mediaHosts: [this.media.host],
      createGroup: (subject, people) => this.addGroup({ subject, people: [...people] }),
      activate: () => this.#logins.activate(companion),
      unlink: () => this.faults.removeDevice(),
    };
  }
}
