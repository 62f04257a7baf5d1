import { type Contact, jidOf } from '../phones/contact-address.ts';
import type { SendMatch, SendSwitches } from './fault-switches.ts';

/** A person, a group, or a JID. */
export type Receiver = Contact | { readonly jid: string } | string;

export interface SendFilter {
  /** Default every receiver. */
  to?: Receiver;
  /** `text`, `image`, `video`, `ptt`, `audio`, `document`, `sticker`, `poll`, `reaction`, … Default every kind. */
  kind?: string;
  /** The message id. Default every message. */
  id?: string;
  /** How often. Default 1; `Infinity` is for ever. */
  times?: number;
  /** More attributes of the acknowledgement, such as `addressing_mode` beside error 421. */
  attrs?: Record<string, string>;
}

/** Faults of messages that the client sends. */
export class SendFaults {
  readonly #switches: SendSwitches;

  constructor(switches: SendSwitches) {
    this.#switches = switches;
  }

  /** Acknowledges certain sends with an error (463, 479, 403, …) and does not deliver them. */
  refuse(code: number, filter: SendFilter = {}): void {
    this.#add('ack', code, filter);
  }

  /** Closes the stream with this code at certain sends, which are not delivered. */
  closeAt(code: number, filter: SendFilter = {}): void {
    this.#add('close', code, filter);
  }

  /** Ends `refuse` and `closeAt`. */
  accept(): void {
    this.#switches.refusals.length = 0;
  }

  /** Sends get no acknowledgement. They are delivered unless `swallow` is set. */
  withholdAcks(isOn: boolean, options: { swallow?: boolean } = {}): void {
    this.#switches.withholdsAcks = isOn;
    this.#switches.swallowsMessages = isOn && (options.swallow ?? false);
  }

  /** Sends to a person's phone number get error 463; sends to the LID are delivered. */
  requireLids(isOn: boolean): void {
    this.#switches.requiresLids = isOn;
  }

  /** Sends to these people get error 463 unless they carry the privacy token that the client has asked for. */
  requireTokens(...people: Contact[]): void {
    this.#switches.tokenHolders = new Set(people.map(({ lid }) => lid));
  }

  #add(kind: 'ack' | 'close', code: number, { to, times = 1, attrs = {}, ...match }: SendFilter): void {
    const filter: SendMatch = {
      to: to === undefined ? undefined : addressesOf(to),
      kind: match.kind,
      id: match.id,
    };
    this.#switches.refusals.push({ ...filter, answer: { kind, code, attrs }, times });
  }
}

function addressesOf(receiver: Receiver): string[] {
  if (typeof receiver === 'string') return [receiver];
  if ('number' in receiver) return [jidOf(receiver, 'pn'), jidOf(receiver, 'lid')];
  return [receiver.jid];
}
