import type { RefreshChild } from '../pairing/pairing-notifications.ts';
import type { PairingServer } from '../pairing/pairing-server.ts';
import type { CodeAnswerPart, PairingSwitches } from './fault-switches.ts';

/** Faults of a client that is being linked. */
export class PairingFaults {
  readonly #switches: PairingSwitches;
  readonly #server: PairingServer;

  constructor(switches: PairingSwitches, server: PairingServer) {
    this.#switches = switches;
    this.#server = server;
  }

  /**
   * Sends `<notification type="companion_reg_refresh">` to every unlinked client: the ADV secret is retired. A later
   * scan fails if its secret is that of `shownQr`, the text of the QR code that the client shows now.
   * Source: Baileys#2737.
   */
  rotateSecret(options: { shownQr?: string; child?: RefreshChild } = {}): void {
    this.#server.rotateSecret(options.shownQr, options.child ?? 'companion_reg_refresh');
  }

  /** The next scans fail: their secret is retired, and the client gets `companion_reg_refresh`. */
  refreshAtScan(times = 1): void {
    this.#switches.refreshesAtScan = times;
  }

  /** New clients get `companion_reg_refresh` before they have a reference for a QR code. */
  refreshBeforeRefs(isOn: boolean): void {
    this.#switches.refreshesBeforeRefs = isOn;
  }

  /** The next requests for a pairing code get this error: 429 `rate-overlimit`, 400 `bad-request`, … */
  refuseCodeRequests(code: number, times = 1): void {
    const text = code === 429 ? 'rate-overlimit' : 'bad-request';
    this.#switches.codeRefusal = { code, text, times };
  }

  /** Requests for a pairing code get no answer. */
  ignoreCodeRequests(isOn: boolean): void {
    this.#switches.ignoresCodeRequests = isOn;
  }

  /** The phone has entered a code, and what the client sends next (`companion_finish`) gets this error. */
  refuseFinish(code: number, times = 1): void {
    this.#switches.finishRefusal = { code, text: 'not-authorized', times };
  }

  /** The phone's answers to a pairing code lack these parts. Without arguments they are complete again. */
  answerCodesWithout(...parts: CodeAnswerPart[]): void {
    this.#switches.missingParts = new Set(parts);
  }

  /** These parts of the phone's answers to a pairing code are cut short. Without arguments they are whole again. */
  cutCodeAnswers(...parts: CodeAnswerPart[]): void {
    this.#switches.shortParts = new Set(parts);
  }

  /**
   * A code is entered, the client finishes, and nothing follows: the phone could not open the bundle (Baileys#2488).
   */
  stallAfterCode(isOn: boolean): void {
    this.#switches.stallsAfterCode = isOn;
  }

  /** The server declares the present pairing codes expired (`stage="refresh_code"`). */
  expireCodes(): void {
    this.#server.expireCodes();
  }

  /** Scans and codes end with `<notification type="passkey_prologue_request">`, and the account is not linked. */
  requirePasskey(isOn: boolean): void {
    this.#switches.requiresPasskey = isOn;
  }

  /** The account signature in `pair-success` is forged. A client must refuse the link. */
  forgeAccountSignature(isOn: boolean): void {
    this.#switches.forgesAccountSignature = isOn;
  }
}
