import type { EventEmitter } from 'node:events';
import type { PairingServer } from '../pairing/pairing-server.ts';
import type { Connection } from '../wire/client-connection.ts';
import type { ClientFinish } from '../wire/noise-server.ts';
import { nowSeconds } from '../wire/server-time.ts';
import { type Stanza, stanza } from '../wire/stanza.ts';
import type { Companion } from './companion-device.ts';
import type { Directory } from './directory.ts';
import type { LoginFailure, Switches } from './fault-switches.ts';
import type { SimulatorEvents } from './simulator-events.ts';

interface LoginOptions {
  readonly directory: Directory;
  readonly switches: Switches;
  readonly pairing: PairingServer;
  readonly events: EventEmitter<SimulatorEvents>;
}

/** Logs linked clients in, passes new clients on to pairing, and refuses all others. */
export class Logins {
  readonly counters = { connections: 0, logins: 0, refusedLogins: 0 };
  /** The version in the last login payload. */
  clientVersion: string | undefined;
  /** Clients older than this get 405. */
  minimumVersion: string | undefined;
  readonly #options: LoginOptions;
  readonly #connected = new Map<Connection, Companion>();

  constructor(options: LoginOptions) {
    this.#options = options;
  }

  companionOn(connection: Connection): Companion | undefined {
    return this.#connected.get(connection);
  }

  /** The handshake of a client is complete; `payload` asks for a login or for pairing. */
  authenticated(connection: Connection, { noiseKey, payload }: ClientFinish): void {
    const { directory, switches, pairing, events } = this.#options;
    this.counters.connections++;
    connection.delayMs = switches.connection.delayMs;
    const { primary, secondary, tertiary } = payload.userAgent?.appVersion ?? {};
    this.clientVersion = [primary, secondary, tertiary].join('.');
    const failure = nextFailure(switches.loginFailure) ?? this.#refusalOf(noiseKey, payload);
    if (failure) {
      this.counters.refusedLogins++;
      connection.send(stanza('failure', failure));
      connection.close();
      return;
    }
    if (payload.devicePairingData) {
      pairing.register(connection, noiseKey, payload.devicePairingData);
      events.emit('qr-requested');
      return;
    }
    const companion = directory.companionByNoiseKey(noiseKey);
    if (companion) this.#login(connection, companion, payload.passive ?? false);
  }

  closed(connection: Connection): void {
    const companion = this.#connected.get(connection);
    this.#connected.delete(connection);
    this.#options.pairing.forget(connection);
    if (companion?.connection === connection) leave(companion);
    this.#options.events.emit('closed', companion);
  }

  /** Sends the waiting stanzas, and from now on each new one. */
  activate(companion: Companion): void {
    const { connection } = companion;
    if (!connection || companion.isActive) return;
    companion.isActive = true;
    companion.mailbox.attach((node) => connection.send(node), this.#options.switches.holdsQueueAfterNack);
    this.#options.events.emit('activated', companion);
    if (companion.hasHistory) return;
    companion.hasHistory = true;
    const { directory, events } = this.#options;
    directory.phone.sendInitialSync().catch((error: unknown) => void events.emit('input-refused', error));
  }

  /** Undefined if the client may log in. */
  #refusalOf(noiseKey: Buffer, payload: ClientFinish['payload']): Record<string, string> | undefined {
    const { directory } = this.#options;
    if (this.minimumVersion !== undefined && isOlder(this.clientVersion ?? '', this.minimumVersion)) {
      return { reason: '405', location: 'simulated' };
    }
    if (payload.devicePairingData) return undefined;
    const companion = directory.companionByNoiseKey(noiseKey);
    const isKnown = companion?.id === payload.device && directory.owner.number === String(payload.username);
    return isKnown ? undefined : { reason: '401', location: 'simulated' };
  }

  #login(connection: Connection, companion: Companion, isPassive: boolean): void {
    this.#replace(companion);
    this.#connected.set(connection, companion);
    companion.connection = connection;
    companion.counters.logins++;
    this.counters.logins++;
    for (const node of this.#loginStanzas(companion)) connection.send(node);
    this.#options.events.emit('opened', companion);
    if (!isPassive) this.activate(companion);
  }

  /** Closes the older connection of a device with `replaced`. */
  #replace(companion: Companion): void {
    const older = companion.connection;
    if (!older) return;
    leave(companion);
    this.#connected.delete(older);
    older.send(stanza('stream:error', {}, [stanza('conflict', { type: 'replaced' })]));
    older.close();
  }

  #loginStanzas(companion: Companion): Stanza[] {
    const { directory } = this.#options;
    const { lid } = companion;
    const display_name = directory.phone.name;
    const success = { t: String(nowSeconds()), props: '0', location: 'simulated', lid, display_name };
    const routing = stanza('routing_info', {}, Buffer.from([8, 2, 8, 5]));
    return [stanza('success', success), stanza('ib', {}, [stanza('edge_routing', {}, [routing])])];
  }
}

function nextFailure(failures: LoginFailure[]): Record<string, string> | undefined {
  const [next] = failures;
  if (!next) return undefined;
  next.times--;
  if (next.times <= 0) failures.shift();
  return next.attrs;
}

function leave(companion: Companion): void {
  companion.mailbox.detach();
  companion.connection = undefined;
  companion.isOnline = false;
  companion.isActive = false;
}

function isOlder(version: string, than: string): boolean {
  const [parts = [], others = []] = [version, than].map((text) => text.split('.').map(Number));
  for (const [index, other] of others.entries()) {
    const difference = (parts[index] ?? 0) - other;
    if (difference !== 0) return difference < 0;
  }
  return false;
}
