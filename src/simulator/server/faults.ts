import { type Stanza, stanza } from '../wire/stanza.ts';
import type { Listener } from '../wire/websocket-listener.ts';
import type { Switches } from './switches.ts';

/** Everything that can go wrong with WhatsApp, to be switched on in a test. */
export class Faults {
  readonly #listener: Listener;
  readonly #switches: Switches;
  readonly #forgetCompanions: () => void;

  constructor(listener: Listener, switches: Switches, forgetCompanions: () => void) {
    this.#listener = listener;
    this.#switches = switches;
    this.#forgetCompanions = forgetCompanions;
  }

  /** `<stream:error>` with a code, and the node inside it if there is one; then the connection ends. */
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

  /** The owner has removed the device while it is online. Clients report 401; its next login fails, too. */
  removeDevice(): void {
    this.#forgetCompanions();
    this.streamError(401, stanza('conflict', { type: 'device_removed' }));
  }

  /** The owner has removed the device while it was offline: its next login gets `<failure reason="401">`. */
  unlinkWhileOffline(): void {
    this.#forgetCompanions();
  }

  /** The next logins are refused: 401, 402 with `expire` (seconds), 403, 405, 503, … None any more with 0 times. */
  failNextLogins(reason: number, times = 1, attrs: Record<string, string> = {}): void {
    if (times === 0) this.#switches.loginFailures.length = 0;
    const failure = { reason: String(reason), location: 'simulated', ...attrs };
    for (let i = 0; i < times; i++) this.#switches.loginFailures.push(failure);
  }

  /** The next WebSocket upgrades get this HTTP status instead of 101. None any more with 0 times. */
  refuseUpgrades(status: number, times = 1): void {
    if (times === 0) this.#switches.refusedUpgrades.length = 0;
    for (let i = 0; i < times; i++) this.#switches.refusedUpgrades.push(status);
  }

  /** WebSocket upgrades get no answer at all. */
  hangUpgrades(isOn: boolean): void {
    this.#switches.hangsUpgrades = isOn;
  }

  /** TCP reset. */
  dropConnection(): void {
    this.#listener.each((connection) => connection.drop());
  }

  /**
   * The connections that are live now read and answer nothing more, and stay open; `false` wakes them up.
   * A new connection is a different peer and works.
   */
  halfOpen(isOn: boolean): void {
    this.#listener.each((connection) => connection.freeze(isOn));
  }

  /** Refuses TCP until `up`. Nothing that is known gets lost. */
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

  /** Every stanza to a client is this late. */
  delayMs(ms: number): void {
    this.#switches.delayMs = ms;
    this.#listener.each((connection) => {
      connection.delayMs = ms;
    });
  }

  /** Queries with these namespaces get no answer; without arguments all are answered again. */
  ignoreQueries(...namespaces: string[]): void {
    this.#switches.ignoredQueries = new Set(namespaces);
  }

  /** Whether look-ups of devices by phone number also tell the LID. Default on, as WhatsApp does. */
  replyWithLids(isOn: boolean): void {
    this.#switches.repliesWithLids = isOn;
  }
}
