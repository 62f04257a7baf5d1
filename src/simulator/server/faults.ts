import { type Stanza, stanza } from '../wire/stanza.ts';
import type { Listener } from '../wire/websocket-listener.ts';
import type { Switches } from './switches.ts';

/** Switches that make WhatsApp fail in a test. */
export class Faults {
  readonly #listener: Listener;
  readonly #switches: Switches;
  readonly #forgetCompanions: () => void;

  constructor(listener: Listener, switches: Switches, forgetCompanions: () => void) {
    this.#listener = listener;
    this.#switches = switches;
    this.#forgetCompanions = forgetCompanions;
  }

  /** Sends `<stream:error>` with a code and a child, and closes every connection. */
  streamError(code: number | undefined, child?: Stanza): void {
    const node = stanza('stream:error', { code: code?.toString() }, child ? [child] : undefined);
    this.#listener.each((connection) => {
      connection.send(node);
      connection.close();
    });
  }

  /** Another client has opened the same session. Clients report 440. */
  replace(): void {
    this.streamError(undefined, stanza('conflict', { type: 'replaced' }));
  }

  /** The owner removes the online device. Clients report 401, and the next login is refused with 401. */
  removeDevice(): void {
    this.#forgetCompanions();
    this.streamError(401, stanza('conflict', { type: 'device_removed' }));
  }

  /** The owner removes the offline device: its next login gets `<failure reason="401">`. */
  unlinkWhileOffline(): void {
    this.#forgetCompanions();
  }

  /** Refuses the next logins with any reason: 401, 402 with `expire` (seconds), 403, 405, 503, … 0 times ends it. */
  failNextLogins(reason: number, times = 1, attrs: Record<string, string> = {}): void {
    if (times === 0) this.#switches.loginFailures.length = 0;
    const failure = { reason: String(reason), location: 'simulated', ...attrs };
    for (let i = 0; i < times; i++) this.#switches.loginFailures.push(failure);
  }

  /** Answers the next WebSocket upgrades with this HTTP status instead of 101. 0 times ends it. */
  refuseUpgrades(status: number, times = 1): void {
    if (times === 0) this.#switches.refusedUpgrades.length = 0;
    for (let i = 0; i < times; i++) this.#switches.refusedUpgrades.push(status);
  }

  /** WebSocket upgrades get no answer. */
  hangUpgrades(isOn: boolean): void {
    this.#switches.hangsUpgrades = isOn;
  }

  /** Resets the TCP connections. */
  dropConnection(): void {
    this.#listener.each((connection) => connection.drop());
  }

  /**
   * The present connections stay open, and the server reads and sends nothing on them until `false`.
   * New connections work.
   */
  halfOpen(isOn: boolean): void {
    this.#listener.each((connection) => connection.freeze(isOn));
  }

  /** Refuses TCP connections until `up`. The server keeps its state. */
  down(): Promise<void> {
    return this.#listener.stop();
  }

  up(): Promise<void> {
    return this.#listener.start();
  }

  /** Sends get no acknowledgement; they still arrive unless `swallow` is set. */
  withholdAcks(isOn: boolean, options: { swallow?: boolean } = {}): void {
    this.#switches.withholdsAcks = isOn;
    this.#switches.swallowsMessages = isOn && (options.swallow ?? false);
  }

  /** Delays every stanza to clients. */
  delayMs(ms: number): void {
    this.#switches.delayMs = ms;
    this.#listener.each((connection) => {
      connection.delayMs = ms;
    });
  }

  /** Queries with these namespaces get no answer. Without arguments all are answered again. */
  ignoreQueries(...namespaces: string[]): void {
    this.#switches.ignoredQueries = new Set(namespaces);
  }

  /** Whether a device look-up by phone number also returns the LID. Default true, as at WhatsApp. */
  replyWithLids(isOn: boolean): void {
    this.#switches.repliesWithLids = isOn;
  }
}
