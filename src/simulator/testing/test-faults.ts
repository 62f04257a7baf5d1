import type { RefreshChild } from '../pairing/pairing-notifications.ts';
import type { Faults } from '../server/faults.ts';
import type { SendFilter } from '../server/send-faults.ts';

export interface SendFault extends SendFilter {
  /** The error in the acknowledgement, or the code of the stream error. */
  code: number;
}

/** What WhatsApp does wrong, by name. `all` has every switch of the simulator. */
export class TestFaults {
  readonly all: Faults;

  constructor(faults: Faults) {
    this.all = faults;
  }

  /** Closes the connection as WhatsApp does with this code: 440 is another client, 401 a plain 401, 515 a restart. */
  close(code: number): void {
    if (code === 440) this.all.replace();
    else this.all.streamError(code);
  }

  /** The owner removes the bot from the linked devices: a logout. */
  logOut(): void {
    this.all.removeDevice();
  }

  /** Resets the TCP connection. */
  dropConnection(): void {
    this.all.dropConnection();
  }

  /** The connection stays open and nothing comes on it until `false`. */
  freeze(isOn: boolean): void {
    this.all.halfOpen(isOn);
  }

  /** No connection is possible until `comeUp`. */
  goDown(): Promise<void> {
    return this.all.down();
  }

  comeUp(): Promise<void> {
    return this.all.up();
  }

  /** The next logins get `<failure reason>`: 401, 402 (with `expire`), 403, 405, 406, 503, … */
  refuseLogins(reason: number, options: { times?: number; attrs?: Record<string, string> } = {}): void {
    this.all.failNextLogins(reason, options.times ?? 1, options.attrs);
  }

  /** Messages of the bot get an error (463, 479, 403, …) and are not delivered. */
  refuseSends(fault: SendFault): void {
    this.all.sends.refuse(fault.code, fault);
  }

  /** The stream is closed at messages of the bot, which are not delivered. */
  closeAtSend(fault: SendFault): void {
    this.all.sends.closeAt(fault.code, fault);
  }

  /** Messages of the bot get no acknowledgement; they are delivered unless `swallow` is set. */
  withholdAcks(isOn: boolean, options?: { swallow?: boolean }): void {
    this.all.sends.withholdAcks(isOn, options);
  }

  /** Queries with these namespaces get no answer. Without arguments all are answered again. */
  ignoreQueries(...namespaces: string[]): void {
    this.all.queries.ignore(...namespaces);
  }

  /** Queries with this namespace get an error. Default for ever. */
  refuseQueries(namespace: string, code: number, times?: number): void {
    this.all.queries.refuse(namespace, code, times);
  }

  /** Every stanza is this late. */
  delay(ms: number): void {
    this.all.delayMs(ms);
  }

  /** The secret in the QR code on the screen is retired (`companion_reg_refresh`). */
  rotateQr(options?: { shownQr?: string; child?: RefreshChild }): void {
    this.all.pairing.rotateSecret(options);
  }

  /** Requests for a pairing code get an error: 429, 400. */
  refuseCodes(code: number, times?: number): void {
    this.all.pairing.refuseCodeRequests(code, times);
  }

  /** The account can be linked with a passkey only. */
  requirePasskey(isOn: boolean): void {
    this.all.pairing.requirePasskey(isOn);
  }

  /** Ends every fault of sends, queries, logins, pairing and new connections, and the delay. */
  clear(): void {
    this.all.clear();
  }
}
