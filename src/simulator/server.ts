/**
 * A WhatsApp server for tests and the demo: real clients pair with it and talk to the people it simulates.
 *
 * It speaks WebSocket, Noise, binary nodes, registration and login, pairing by QR and by code, the Signal key
 * directory, receipts, acknowledgements and redelivery, and answers what a client asks after login.
 *
 * Left out: TLS on the socket, genuine certificates (see certificate.ts), several companions in one chat with
 * people (people have a phone and nothing else), calls, statuses, newsletters, communities, business profiles,
 * profile pictures, changes of settings between devices (app state is empty, and uploads are only counted),
 * history (empty), blocking, changes in groups, rate limits, and reports. Time-outs of QR refs are the client's.
 */

import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { Curve } from '@whiskeysockets/baileys';
import { type Addressing, type Contact, deviceOf, jidOf } from './address.ts';
import { makeCertificateChain } from './certificate.ts';
import type { Companion } from './companion.ts';
import type { Connection } from './connection.ts';
import { Faults } from './faults.ts';
import { Group } from './group.ts';
import { Listener } from './listener.ts';
import { MediaHost } from './media-host.ts';
import type { Network } from './network.ts';
import type { ClientFinish } from './noise.ts';
import { PairingDesk } from './pairing.ts';
import { Person } from './person.ts';
import { OwnerPhone } from './phone.ts';
import type { QueryContext } from './queries.ts';
import { Router } from './router.ts';
import { type Stanza, stanza } from './stanza.ts';
import { initialSwitches } from './switches.ts';
import { World } from './world.ts';

export interface SimulatorOptions {
  /** Default 0: any free one. */
  port?: number;
  /** How many QR codes a client can show before it gives up. Default 6. */
  qrRefs?: number;
  owner?: { number?: string; lid?: string; name?: string };
}

export interface SimulatorEvents {
  /** A client that is not linked has connected. */
  'qr-requested': [];
  paired: [companion: Companion];
  /** A linked client has logged in. */
  opened: [companion: Companion];
  /** A connection has ended; the companion is missing when it never logged in. */
  closed: [companion: Companion | undefined];
  'stanza-in': [node: Stanza, companion: Companion | undefined];
  'stanza-out': [node: Stanza, companion: Companion | undefined];
  /** A client sent what is no WhatsApp, or the simulator has a bug. */
  'input-refused': [error: unknown];
}

/** Companions learn of few one-time keys left when fewer than this are. */
const LOW_PRE_KEYS = 5;

export class SimulatedWhatsApp {
  readonly events = new EventEmitter<SimulatorEvents>();
  readonly phone: OwnerPhone;
  readonly faults: Faults;
  /** Logins, pairings and refusals since the start. */
  readonly counters = { connections: 0, logins: 0, pairings: 0, refusedLogins: 0 };
  /** The version that the last client named, e.g. `2.3000.1043857760`. */
  clientVersion: string | undefined;
  /** Clients older than this get 405. */
  minimumVersion: string | undefined;
  /** The host for files; its certificate is what clients must trust. */
  readonly media = new MediaHost();
  readonly #world: World;
  readonly #switches = initialSwitches();
  readonly #listener: Listener;
  readonly #desk: PairingDesk;
  readonly #router: Router;
  readonly #connected = new Map<Connection, Companion>();
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #nextDeviceId = 1;
  #people = 0;

  constructor(options: SimulatorOptions = {}) {
    const { number = '15550100000', lid = '100000000000000', name = 'Owner' } = options.owner ?? {};
    const owner = { number, lid };
    this.#world = new World(owner);
    this.phone = new OwnerPhone(this.#network(owner), owner, name, {
      scan: (qr) => this.#desk.scan(qr),
      enterCode: (code) => this.#desk.enterCode(code),
      unlink: () => this.#unlink(),
    });
    this.#world.phone = this.phone;
    this.#desk = new PairingDesk({
      owner,
      account: this.phone.keys.identity,
      qrRefs: options.qrRefs ?? 6,
      nowSeconds,
      nextDeviceId: () => this.#nextDeviceId++,
      linked: (companion) => this.#linked(companion),
    });
    const failed = (error: unknown) => void this.events.emit('input-refused', error);
    this.#router = new Router({ contextOf: (companion) => this.#contextOf(companion), failed });
    const key = Curve.generateKeyPair();
    this.#listener = new Listener(options.port ?? 0, key, makeCertificateChain(key), this.#switches, {
      greeted: (connection, finish) => this.#greeted(connection, finish),
      received: (connection, node) => this.#received(connection, node),
      sent: (connection, node) => void this.events.emit('stanza-out', node, this.#connected.get(connection)),
      misread: (_, error) => failed(error),
      closed: (connection) => this.#closed(connection),
    });
    this.faults = new Faults(
      {
        endAll: (node) => this.#endAll(node),
        dropAll: () => this.#listener.each((connection) => connection.drop()),
        freezeAll: (isFrozen) => this.#listener.each((connection) => connection.freeze(isFrozen)),
        setDelay: (ms) => this.#listener.each((connection) => Object.assign(connection, { delayMs: ms })),
        forgetCompanions: () => this.#world.companions.clear(),
        goDown: () => this.#listener.stop(),
        comeUp: () => this.#listener.start(),
      },
      this.#switches,
    );
  }

  /** Where clients connect to; valid after `start`. */
  get url(): string {
    return `ws://127.0.0.1:${this.#listener.port}/ws/chat`;
  }

  /** The linked devices: normally none or one, the bot. */
  get devices(): Companion[] {
    return [...this.#world.companions.values()];
  }

  /** Listens on 127.0.0.1. */
  start(): Promise<void> {
    this.#starting ??= this.#open();
    return this.#starting;
  }

  /** Ends all connections. Everything known stays, and `start` goes on with it on the same port. */
  stop(): Promise<void> {
    this.#stopping ??= this.#close();
    return this.#stopping;
  }

  addPerson(
    options: { name?: string; number?: string; lid?: string; addressing?: Addressing | 'mixed' } = {},
  ): Person {
    const index = ++this.#people;
    const number = options.number ?? `1555020${String(index).padStart(4, '0')}`;
    const lid = options.lid ?? `2000000${String(index).padStart(8, '0')}`;
    const name = options.name ?? `Person ${index}`;
    const person = new Person(
      this.#network(this.#world.owner),
      { number, lid },
      name,
      options.addressing ?? 'pn',
    );
    this.#world.add(person);
    return person;
  }

  /** A group that the owner's account is in, too. Default addressing is by LID. */
  addGroup(options: {
    subject?: string;
    people: Person[];
    addressing?: Addressing;
    admins?: Person[];
  }): Group {
    const id = `120363${String(randomBytes(5).readUIntBE(0, 5)).padStart(12, '0').slice(-12)}`;
    const group = new Group(id, this.phone, options, nowSeconds());
    this.#world.groups.set(group.jid, group);
    return group;
  }

  async #open(): Promise<void> {
    await this.#stopping;
    this.#stopping = undefined;
    await Promise.all([this.#listener.start(), this.media.start()]);
  }

  async #close(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    this.#starting = undefined;
    await Promise.all([this.#listener.stop(), this.media.stop()]);
  }

  #network(owner: Contact): Network {
    return {
      owner,
      companionIds: () => [...this.#world.companions.keys()],
      takeBundle: (id) => this.#takeBundle(id),
      post: (id, node) => this.#world.companions.get(id)?.mailbox.post(node),
      nowSeconds,
      media: this.media,
    };
  }

  #takeBundle(id: number) {
    const companion = this.#world.companions.get(id);
    const bundle = companion?.takeBundle();
    const left = companion?.preKeyIds().length ?? 0;
    if (companion && left < LOW_PRE_KEYS) {
      const attrs = { from: '@s.whatsapp.net', type: 'encrypt', id: randomBytes(5).toString('hex') };
      const count = stanza('count', { value: String(left) });
      companion.mailbox.post(stanza('notification', { ...attrs, t: String(nowSeconds()) }, [count]));
    }
    return bundle;
  }

  #greeted(connection: Connection, { noiseKey, payload }: ClientFinish): void {
    this.counters.connections++;
    connection.delayMs = this.#switches.delayMs;
    const { primary, secondary, tertiary } = payload.userAgent?.appVersion ?? {};
    this.clientVersion = [primary, secondary, tertiary].join('.');
    const failure = this.#switches.loginFailures.shift() ?? this.#refusalOf(noiseKey, payload);
    if (failure) {
      this.#refuse(connection, failure);
      return;
    }
    if (payload.devicePairingData) {
      this.#desk.register(connection, noiseKey, payload.devicePairingData);
      this.events.emit('qr-requested');
      return;
    }
    const companion = this.#world.companionByNoiseKey(noiseKey);
    if (companion) this.#login(connection, companion, payload.passive ?? false);
  }

  /** Undefined for a client that may come in. */
  #refusalOf(noiseKey: Buffer, payload: ClientFinish['payload']): Record<string, string> | undefined {
    const oldest = this.minimumVersion;
    if (oldest !== undefined && isOlder(this.clientVersion ?? '', oldest)) return { reason: '405' };
    if (payload.devicePairingData) return undefined;
    const companion = this.#world.companionByNoiseKey(noiseKey);
    const isKnown = companion?.id === payload.device && this.#world.owner.number === String(payload.username);
    return isKnown ? undefined : { reason: '401', location: 'simulated' };
  }

  #refuse(connection: Connection, failure: Record<string, string>): void {
    this.counters.refusedLogins++;
    connection.send(stanza('failure', failure));
    connection.close();
  }

  #login(connection: Connection, companion: Companion, isPassive: boolean): void {
    const older = companion.connection;
    if (older) {
      companion.mailbox.detach();
      companion.isActive = false;
      this.#connected.delete(older);
      older.send(stanza('stream:error', {}, [stanza('conflict', { type: 'replaced' })]));
      older.close();
    }
    this.#connected.set(connection, companion);
    companion.connection = connection;
    companion.counters.logins++;
    this.counters.logins++;
    const t = String(nowSeconds());
    const lid = jidOf(this.#world.owner, 'lid', deviceOf(companion.jid));
    connection.send(
      stanza('success', { t, props: '0', location: 'simulated', lid, display_name: this.phone.name }),
    );
    const routing = stanza('routing_info', {}, Buffer.from([8, 2, 8, 5]));
    connection.send(stanza('ib', {}, [stanza('edge_routing', {}, [routing])]));
    this.events.emit('opened', companion);
    if (!isPassive) this.#activate(companion, connection);
  }

  /** From now on the client gets what waits for it, and what comes. */
  #activate(companion: Companion, connection: Connection): void {
    if (companion.connection !== connection || companion.isActive) return;
    companion.isActive = true;
    companion.mailbox.attach((node) => connection.send(node));
    if (companion.hasHistory) return;
    companion.hasHistory = true;
    this.phone.welcome().catch((error: unknown) => void this.events.emit('input-refused', error));
  }

  #received(connection: Connection, node: Stanza): void {
    const companion = this.#connected.get(connection);
    this.events.emit('stanza-in', node, companion);
    if (companion) this.#router.received(companion, node);
    else this.#desk.received(connection, node);
  }

  #closed(connection: Connection): void {
    const companion = this.#connected.get(connection);
    this.#connected.delete(connection);
    this.#desk.forget(connection);
    if (companion?.connection === connection) {
      companion.mailbox.detach();
      companion.connection = undefined;
      companion.isActive = false;
    }
    this.events.emit('closed', companion);
  }

  #linked(companion: Companion): void {
    this.#world.companions.set(companion.id, companion);
    this.counters.pairings++;
    this.events.emit('paired', companion);
  }

  #unlink(): void {
    this.faults.removeDevice();
  }

  #endAll(node: Stanza): void {
    this.#listener.each((connection) => {
      connection.send(node);
      connection.close();
    });
  }

  #contextOf(companion: Companion): QueryContext {
    const { connection } = companion;
    return {
      companion,
      world: this.#world,
      switches: this.#switches,
      nowSeconds,
      mediaHosts: [this.media.host],
      activate: () => connection && this.#activate(companion, connection),
      unlink: () => this.#unlink(),
    };
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number));
  for (const [index, part] of (b ?? []).entries()) {
    const difference = (a?.[index] ?? 0) - part;
    if (difference !== 0) return difference < 0;
  }
  return false;
}
