import type { AppStateFlaw, QuerySwitches } from './fault-switches.ts';

/** Faults of queries. */
export class QueryFaults {
  readonly #switches: QuerySwitches;

  constructor(switches: QuerySwitches) {
    this.#switches = switches;
  }

  /**
   * Queries with these namespaces (`usync`, `w:g2`, `encrypt`, …) get no answer. `usync:contact` are the `usync`
   * queries that look a number up. Without arguments all are answered again.
   */
  ignore(...namespaces: string[]): void {
    this.#switches.ignored = new Set(namespaces);
  }

  /** The next queries with this namespace, named as for `ignore`, get an error. Default for ever; 0 times ends it. */
  refuse(namespace: string, code: number, times = Number.POSITIVE_INFINITY): void {
    this.#switches.refusals.set(namespace, { code, text: TEXTS[code] ?? 'error', times });
  }

  /** Whether a device look-up by phone number also returns the LID. Default true, as at WhatsApp. */
  replyWithLids(isOn: boolean): void {
    this.#switches.repliesWithLids = isOn;
  }

  /** No query returns a LID. Groups are shown with phone numbers only. */
  hideLids(isOn: boolean): void {
    this.#switches.hidesLids = isOn;
  }

  /** The answers to app-state queries are an empty `<sync/>`, or tell of more patches for ever. Undefined ends it. */
  breakAppState(flaw: AppStateFlaw | undefined): void {
    this.#switches.appStateFlaw = flaw;
  }
}

const TEXTS: Readonly<Record<number, string>> = {
  400: 'bad-request',
  401: 'not-authorized',
  403: 'forbidden',
  404: 'item-not-found',
  406: 'not-acceptable',
  429: 'rate-overlimit',
  500: 'internal-server-error',
  501: 'feature-not-implemented',
  503: 'service-unavailable',
};
