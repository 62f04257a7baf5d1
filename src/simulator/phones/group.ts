import { type Stanza, stanza } from '../wire/stanza.ts';
import { type Addressing, type Contact, type GroupAddress, jidOf, userOf } from './contact-address.ts';
import type { Person } from './person.ts';

/** A group that the owner's account is in, with the people in it. */
export class Group implements GroupAddress {
  readonly jid: string;
  readonly subject: string;
  readonly people: readonly Person[];
  readonly addressing: Addressing;
  /** The error code of every query and send, once the group is gone for the account. Undefined while it is there. */
  goneCode: 403 | 404 | undefined;
  readonly #admins: ReadonlySet<Contact>;
  readonly #owner: Contact;
  readonly #createdAt: number;

  constructor(
    id: string,
    owner: Contact,
    options: {
      subject?: string;
      people: readonly Person[];
      addressing?: Addressing;
      admins?: readonly Person[];
    },
    createdAt: number,
  ) {
    this.jid = `${id}@g.us`;
    this.subject = options.subject ?? 'Group';
    this.people = [...options.people];
    this.addressing = options.addressing ?? 'lid';
    this.#admins = new Set(options.admins ?? []);
    this.#owner = owner;
    this.#createdAt = createdAt;
  }

  /** The address of a member in this group. */
  addressOf(contact: Contact): string {
    return jidOf(contact, this.addressing);
  }

  /** The `<group>` node of a metadata query. */
  metadata({ hidesLids = false } = {}): Stanza {
    const founder = this.addressOf(this.#owner);
    const attrs = {
      id: userOf(this.jid),
      subject: this.subject,
      s_t: String(this.#createdAt),
      s_o: founder,
      creation: String(this.#createdAt),
      creator: founder,
      addressing_mode: this.addressing,
      size: String(this.people.length + 1),
    };
    return stanza(
      'group',
      attrs,
      [this.#owner, ...this.people].map((member) => this.#participant(member, hidesLids)),
    );
  }

  #participant(member: Contact, hidesLids: boolean): Stanza {
    const isHidden = this.addressing === 'pn' && hidesLids;
    const other = isHidden ? undefined : jidOf(member, this.addressing === 'lid' ? 'pn' : 'lid');
    const otherName = this.addressing === 'lid' ? 'phone_number' : 'lid';
    const type = member === this.#owner ? 'superadmin' : this.#admins.has(member) ? 'admin' : undefined;
    return stanza('participant', { jid: this.addressOf(member), [otherName]: other, type });
  }
}
