import { randomBytes } from 'node:crypto';
import type { KeyBundle } from '../crypto/phone-keys.ts';
import { type Contact, deviceOf, userOf } from '../phones/contact-address.ts';
import type { Group } from '../phones/group.ts';
import type { Handset } from '../phones/handset.ts';
import type { OwnerPhone } from '../phones/owner-phone.ts';
import type { AccountState, Person } from '../phones/person.ts';
import type { Companion } from './companion-device.ts';

/** All accounts, groups and linked devices. */
export class Directory {
  readonly owner: Contact;
  readonly people: Person[] = [];
  readonly groups = new Map<string, Group>();
  /** Linked devices by id. */
  readonly companions = new Map<number, Companion>();
  /** The privacy tokens that the account has asked for. */
  readonly issuedTokens = new Map<Contact, Buffer>();
  readonly #handsets = new Map<string, Handset>();
  #phone: OwnerPhone | undefined;

  constructor(owner: Contact) {
    this.owner = owner;
  }

  set phone(phone: OwnerPhone) {
    this.#phone = phone;
    this.#enter(phone);
  }

  get phone(): OwnerPhone {
    if (!this.#phone) throw new Error('the directory has no phone yet');
    return this.#phone;
  }

  add(person: Person): void {
    this.people.push(person);
    this.#enter(person);
  }

  /** A new privacy token of a person, which sends to that person may need. */
  newToken(person: Contact): Buffer {
    const token = randomBytes(16);
    this.issuedTokens.set(person, token);
    return token;
  }

  /** The phone of the user in an address of either kind. The device in the address is ignored. */
  handsetOf(jid: string | undefined): Handset | undefined {
    return this.#handsets.get(userOf(jid));
  }

  /** The phone that a contact look-up by this number finds. The number may be an alias. */
  handsetByNumber(digits: string): Handset | undefined {
    const alias = this.people.find(({ aliases }) => aliases.includes(digits));
    return alias ?? this.#handsets.get(digits);
  }

  /** Whether WhatsApp knows an account. The owner's is always `present`. */
  stateOf(contact: Contact): AccountState {
    return this.people.find((person) => person === contact)?.state ?? 'present';
  }

  personOf(jid: string | undefined): Person | undefined {
    const handset = this.handsetOf(jid);
    return this.people.find((person) => person === handset);
  }

  /** A key bundle of the device in `jid`; uses up one of its one-time keys. */
  bundleOf(jid: string | undefined): KeyBundle | undefined {
    const device = deviceOf(jid);
    if (this.isOwner(jid) && device !== 0) return this.companions.get(device)?.takeBundle();
    const handset = device === 0 ? this.handsetOf(jid) : undefined;
    return handset && this.stateOf(handset) === 'present' ? handset.keys.bundle() : undefined;
  }

  companionByNoiseKey(key: Buffer): Companion | undefined {
    return [...this.companions.values()].find(({ noiseKey }) => noiseKey.equals(key));
  }

  isOwner(jid: string | undefined): boolean {
    return [this.owner.number, this.owner.lid].includes(userOf(jid));
  }

  #enter(handset: Handset): void {
    for (const user of [handset.number, handset.lid]) {
      if (this.#handsets.has(user)) throw new Error(`${user} is taken`);
      this.#handsets.set(user, handset);
    }
  }
}
