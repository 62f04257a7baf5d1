import type { KeyBundle } from '../crypto/phone-keys.ts';
import type { Connection } from '../wire/client-connection.ts';
import { Mailbox } from './mailbox.ts';

export interface SignedPreKey {
  readonly id: number;
  readonly value: Buffer;
  readonly signature: Buffer;
}

/** The keys that a companion sends when it registers. */
export interface Registration {
  readonly noiseKey: Buffer;
  readonly identityKey: Buffer;
  readonly registrationId: number;
  readonly signedPreKey: SignedPreKey;
}

/** An acknowledgement that a client has sent. */
export interface SentAck {
  readonly class: string;
  readonly id: string | undefined;
  readonly to: string | undefined;
  readonly participant: string | undefined;
  /** Undefined for a plain acknowledgement. */
  readonly error: string | undefined;
}

/** A receipt that a client has sent. */
export interface SentReceipt {
  readonly id: string | undefined;
  readonly to: string | undefined;
  /** Undefined for a delivery receipt. */
  readonly type: string | undefined;
  readonly recipient: string | undefined;
  readonly participant: string | undefined;
}

/** A presence that a client has sent. */
export interface SentPresence {
  readonly type: string | undefined;
  readonly name: string | undefined;
}

const MAX_RECORDS = 10_000;

function push<T>(records: T[], record: T): void {
  records.push(record);
  if (records.length > MAX_RECORDS) records.shift();
}

/** A linked device, as the server stores it: the bot. */
export class Companion {
  readonly id: number;
  readonly jid: string;
  readonly lid: string;
  readonly noiseKey: Buffer;
  readonly identityKey: Buffer;
  readonly registrationId: number;
  readonly mailbox = new Mailbox();
  /** Ids of the one-time keys that were handed out. The client must be able to use each of them once. */
  readonly handedOutPreKeyIds: number[] = [];
  readonly counters = {
    logins: 0,
    preKeyUploads: 0,
    messages: 0,
    receipts: 0,
    retryReceipts: 0,
    acks: 0,
    nacks: 0,
  };
  /** The acknowledgements of the client, error acknowledgements included. The newest 10 000 are kept. */
  readonly acks: SentAck[] = [];
  /** The receipts of the client. The newest 10 000 are kept. */
  readonly receipts: SentReceipt[] = [];
  /** The presence stanzas of the client that are about the account itself. The newest 10 000 are kept. */
  readonly presences: SentPresence[] = [];
  /**
   * True if the last presence shows the account as online. A presence without a type does so too, and while it
   * lasts the owner's phone does not ring (Baileys#2553).
   */
  isOnline = false;
  signedPreKey: SignedPreKey;
  connection: Connection | undefined;
  isActive = false;
  /** The phone has sent the history; it does so once. */
  hasHistory = false;
  readonly #preKeys = new Map<number, Buffer>();

  constructor(id: number, jid: string, lid: string, registration: Registration) {
    this.id = id;
    this.jid = jid;
    this.lid = lid;
    this.noiseKey = registration.noiseKey;
    this.identityKey = registration.identityKey;
    this.registrationId = registration.registrationId;
    this.signedPreKey = registration.signedPreKey;
  }

  recordAck({ class: kind, id, to, participant, error }: Record<string, string>): void {
    push(this.acks, { class: kind ?? '', id, to, participant, error });
  }

  recordReceipt({ id, to, type, recipient, participant }: Record<string, string>): void {
    push(this.receipts, { id, to, type, recipient, participant });
  }

  recordPresence({ to, type, name }: Record<string, string>): void {
    if (to !== undefined) return;
    push(this.presences, { type, name });
    this.isOnline = type === undefined || type === 'available';
  }

  /** A copy with the keys, without connection, mail and records. */
  copy(): Companion {
    const copy = new Companion(this.id, this.jid, this.lid, this);
    for (const [id, value] of this.#preKeys) copy.#preKeys.set(id, value);
    copy.handedOutPreKeyIds.push(...this.handedOutPreKeyIds);
    copy.hasHistory = this.hasHistory;
    return copy;
  }

  /** Ids of the one-time keys that the server can still hand out. */
  preKeyIds(): number[] {
    return [...this.#preKeys.keys()];
  }

  addPreKeys(keys: Iterable<readonly [number, Buffer]>): void {
    for (const [id, value] of keys) this.#preKeys.set(id, value);
    this.counters.preKeyUploads++;
  }

  /** A bundle with the next one-time key, or without one if none is left. */
  takeBundle(): KeyBundle {
    const { registrationId, signedPreKey } = this;
    const [next] = this.#preKeys;
    if (next) {
      this.#preKeys.delete(next[0]);
      this.handedOutPreKeyIds.push(next[0]);
    }
    const preKey = next && { id: next[0], value: next[1] };
    return { registrationId, identity: this.identityKey, signedPreKey, preKey };
  }
}
