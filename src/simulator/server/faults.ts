import { deflateSync } from 'node:zlib';
import type { PairingServer } from '../pairing/pairing-server.ts';
import type { Connection } from '../wire/client-connection.ts';
import type { CertificateFlaw } from '../wire/noise-certificate.ts';
import { type Stanza, stanza } from '../wire/stanza.ts';
import type { Listener } from '../wire/websocket-listener.ts';
import { initialSwitches, type Switches } from './fault-switches.ts';
import { PairingFaults } from './pairing-faults.ts';
import { QueryFaults } from './query-faults.ts';
import { SendFaults } from './send-faults.ts';

interface FaultOptions {
  readonly listener: Listener;
  readonly switches: Switches;
  readonly pairing: PairingServer;
  readonly forgetCompanions: () => void;
}

/** Switches that make WhatsApp fail in a test: closes, logins and connections here, everything else in a group. */
export class Faults {
  /** Faults while a client is being linked. */
  readonly pairing: PairingFaults;
  /** Faults of messages that the client sends. */
  readonly sends: SendFaults;
  /** Faults of queries. */
  readonly queries: QueryFaults;
  readonly #options: FaultOptions;

  constructor(options: FaultOptions) {
    this.#options = options;
    this.pairing = new PairingFaults(options.switches.pairing, options.pairing);
    this.sends = new SendFaults(options.switches.sends);
    this.queries = new QueryFaults(options.switches.queries);
  }

  // Closes.

  /** Sends `<stream:error>` with a code, which may be any text, and children, and closes every connection. */
  streamError(code: number | string | undefined, ...children: Stanza[]): void {
    this.#each((connection) => closeWithError(connection, code, ...children));
  }

  /** Another client has opened the same session. Clients report 440. */
  replace(): void {
    this.streamError(undefined, stanza('conflict', { type: 'replaced' }));
  }

  /**
   * The owner removes the online device. Clients report 401, and the next login is refused with 401.
   * `hasCode: false` sends `<conflict type="device_removed">` in a stream error without a code.
   */
  removeDevice({ hasCode = true }: { hasCode?: boolean } = {}): void {
    this.#options.forgetCompanions();
    this.streamError(hasCode ? 401 : undefined, stanza('conflict', { type: 'device_removed' }));
  }

  /** Resets the TCP connections. */
  dropConnection(): void {
    this.#each((connection) => connection.drop());
  }

  // Logins.

  /** The owner removes the offline device: its next login gets `<failure reason="401">`. */
  unlinkWhileOffline(): void {
    this.#options.forgetCompanions();
  }

  /**
   * Refuses the next logins with any reason: 401, 402 with `expire` (seconds), 403, 405, 406, 409, 418, 503, …
   * `Infinity` times refuses all, 0 times ends it. `attrs` may replace the reason by any text.
   */
  failNextLogins(reason: number, times = 1, attrs: Record<string, string> = {}): void {
    const { loginFailure } = this.#options.switches;
    if (times === 0) loginFailure.length = 0;
    else loginFailure.push({ attrs: { reason: String(reason), location: 'simulated', ...attrs }, times });
  }

  // Connections.

  /** Answers the next WebSocket upgrades with this HTTP status instead of 101. 0 times ends it. */
  refuseUpgrades(status: number, times = 1): void {
    const { refusedUpgrades } = this.#options.switches.connection;
    if (times === 0) refusedUpgrades.length = 0;
    for (let i = 0; i < times; i++) refusedUpgrades.push(status);
  }

  /** New connections get a certificate chain with this flaw. Undefined ends it. */
  forgeCertificate(flaw: CertificateFlaw | undefined): void {
    this.#options.switches.connection.certificateFlaw = flaw;
  }

  /** Sends every client a compressed frame that inflates to `bytes` zeros. */
  sendInflateBomb(bytes: number): void {
    const payload = Buffer.concat([Buffer.from([2]), deflateSync(Buffer.alloc(bytes))]);
    this.#each((connection) => connection.sendPayload(payload));
  }

  /** WebSocket upgrades get no answer. */
  hangUpgrades(isOn: boolean): void {
    this.#options.switches.connection.hangsUpgrades = isOn;
  }

  /**
   * The present connections stay open, and the server reads and sends nothing on them until `false`.
   * New connections work.
   */
  halfOpen(isOn: boolean): void {
    this.#each((connection) => connection.freeze(isOn));
  }

  /** Refuses TCP connections until `up`. The server keeps its state. */
  down(): Promise<void> {
    return this.#options.listener.stop();
  }

  up(): Promise<void> {
    return this.#options.listener.start();
  }

  /** Delays every stanza to clients. */
  delayMs(ms: number): void {
    this.#options.switches.connection.delayMs = ms;
    this.#each((connection) => {
      connection.delayMs = ms;
    });
  }

  /** Sends any stanza to every client, linked or not, once. */
  sendStanza(node: Stanza): void {
    this.#each((connection) => connection.send(node));
  }

  /** The server sends the rest of the offline queue only at the next login if the client answers with an error ack. */
  holdQueueAfterNack(isOn: boolean): void {
    this.#options.switches.holdsQueueAfterNack = isOn;
  }

  /** Ends every fault of sends, queries, logins, pairing and new connections, and the delay. */
  clear(): void {
    const { switches } = this.#options;
    const initial = initialSwitches();
    Object.assign(switches.pairing, initial.pairing);
    Object.assign(switches.connection, initial.connection);
    Object.assign(switches.sends, initial.sends);
    Object.assign(switches.queries, initial.queries);
    switches.loginFailure.length = 0;
    switches.holdsQueueAfterNack = false;
    this.delayMs(0);
  }

  #each(action: (connection: Connection) => void): void {
    this.#options.listener.each(action);
  }
}

/** Sends `<stream:error>` and closes the connection. */
export function closeWithError(
  connection: Connection,
  code: number | string | undefined,
  ...children: Stanza[]
): void {
  connection.send(
    stanza('stream:error', { code: code?.toString() }, children.length > 0 ? children : undefined),
  );
  connection.close();
}
