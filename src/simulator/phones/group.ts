import { randomBytes } from 'node:crypto';
import { nowSeconds } from '../wire/server-time.ts';
import { type Stanza, stanza } from '../wire/stanza.ts';
import { type Addressing, type Contact, type GroupAddress, jidOf, userOf } from './contact-address.ts';
import { type GroupChange, groupNotification } from './group-notifications.ts';
import { newMessageId } from './message-bytes.ts';
import type { Person } from './person.ts';
import type { Network } from './phone-network.ts';

export type GroupRole = 'member' | 'admin' | 'superadmin';

/** `announcement`: only admins send. `locked`: only admins change the subject and the description. */
export type GroupSetting = 'announcement' | 'locked';

export interface GroupOptions {
  subject?: string;
  /** The owner's account is in the group, too. */
  people: readonly Person[];
  /** Default `lid`. */
  addressing?: Addressing;
  admins?: readonly Person[];
  /** The role of the owner's account, and so of the bot. Default `superadmin`. */
  botRole?: GroupRole;
}

/** A group with the people in it. Each change is told to the owner's companions as WhatsApp does it (`w:gp2`). */
export class Group implements GroupAddress {
  readonly jid: string;
  readonly addressing: Addressing;
  /** The error code of every query and send, once the group is gone for the account. Undefined while it is there. */
  goneCode: 403 | 404 | undefined;
  subject: string;
  description: string | undefined;
  inviteCode = newInviteCode();
  readonly settings = new Set<GroupSetting>();
  readonly #network: Network;
  readonly #owner: Contact;
  readonly #people: Person[];
  /** By phone number. */
  readonly #roles = new Map<string, GroupRole>();
  readonly #createdAt: number;

  constructor(id: string, owner: Contact, options: GroupOptions, network: Network) {
    this.jid = `${id}@g.us`;
    this.#network = network;
    this.#owner = owner;
    this.#people = [...options.people];
    this.subject = options.subject ?? 'Group';
    this.addressing = options.addressing ?? 'lid';
    this.#createdAt = nowSeconds();
    this.#roles.set(owner.number, options.botRole ?? 'superadmin');
    for (const admin of options.admins ?? []) this.#roles.set(admin.number, 'admin');
  }

  get people(): readonly Person[] {
    return this.#people;
  }

  /** `member` for everybody without another role. */
  roleOf(contact: Contact): GroupRole {
    return this.#roles.get(contact.number) ?? 'member';
  }

  isAdmin(contact: Contact): boolean {
    return this.roleOf(contact) !== 'member';
  }

  has(contact: Contact): boolean {
    return contact.number === this.#owner.number
      ? this.goneCode === undefined
      : this.#people.some((person) => person.number === contact.number);
  }

  /** The address of a member in this group. */
  addressOf(contact: Contact): string {
    return jidOf(contact, this.addressing);
  }

  /** A person joins by the invite link. */
  join(person: Person): void {
    this.#people.push(person);
    this.#tell(person, { kind: 'add', people: [person], reason: 'invite' });
  }

  /** A person leaves. */
  leave(person: Contact): void {
    this.#take(person);
    this.#tell(person, { kind: 'remove', people: [person] });
  }

  add(by: Contact, person: Person): void {
    this.#people.push(person);
    this.#tell(by, { kind: 'add', people: [person] });
  }

  remove(by: Contact, person: Contact): void {
    this.#take(person);
    this.#tell(by, { kind: 'remove', people: [person] });
  }

  /** Adds the owner's account, and so the bot. */
  addAccount(by: Contact): void {
    this.goneCode = undefined;
    this.#tell(by, { kind: 'create', group: this.metadata() });
  }

  /** Removes the owner's account, and so the bot. Default `by`: the account leaves. */
  removeAccount(by: Contact = this.#owner): void {
    this.#tell(by, { kind: 'remove', people: [this.#owner] });
    this.goneCode = 403;
  }

  promote(by: Contact, contact: Contact): void {
    this.#roles.set(contact.number, 'admin');
    this.#tell(by, { kind: 'promote', people: [contact] });
  }

  demote(by: Contact, contact: Contact): void {
    this.#roles.delete(contact.number);
    this.#tell(by, { kind: 'demote', people: [contact] });
  }

  setSubject(by: Contact, subject: string): void {
    this.subject = subject;
    this.#tell(by, { kind: 'subject', subject });
  }

  /** Undefined removes it. */
  setDescription(by: Contact, description: string | undefined): void {
    this.description = description;
    this.#tell(by, { kind: 'description', description });
  }

  set(by: Contact, setting: GroupSetting, isOn: boolean): void {
    if (isOn) this.settings.add(setting);
    else this.settings.delete(setting);
    this.#tell(by, { kind: 'setting', setting, isOn });
  }

  renewInvite(by: Contact): void {
    this.inviteCode = newInviteCode();
    this.#tell(by, { kind: 'invite', code: this.inviteCode });
  }

  /** The `<group>` node of a metadata query. */
  metadata(): Stanza {
    const founder = this.addressOf(this.#owner);
    const t = String(this.#createdAt);
    const attrs = {
      id: userOf(this.jid),
      subject: this.subject,
      s_t: t,
      s_o: founder,
      creation: t,
      creator: founder,
      addressing_mode: this.addressing,
      size: String(this.#people.length + 1),
    };
    const members = [this.#owner, ...this.#people].map((member) => this.participant(member));
    const settings = [...this.settings].map((setting) => stanza(setting));
    return stanza('group', attrs, [...this.#descriptionNodes(), ...settings, ...members]);
  }

  /** A `<participant>` node with both addresses, unless LIDs are hidden. */
  participant(member: Contact): Stanza {
    const isHidden = this.addressing === 'pn' && this.#network.hidesLids();
    const other = isHidden ? undefined : jidOf(member, this.addressing === 'lid' ? 'pn' : 'lid');
    const otherName = this.addressing === 'lid' ? 'phone_number' : 'lid';
    const role = this.roleOf(member);
    const type = role === 'member' ? undefined : role;
    return stanza('participant', { jid: this.addressOf(member), [otherName]: other, type });
  }

  #descriptionNodes(): Stanza[] {
    if (this.description === undefined) return [];
    return [stanza('description', { id: '1' }, [stanza('body', {}, Buffer.from(this.description))])];
  }

  #take(contact: Contact): void {
    const index = this.#people.findIndex((person) => person.number === contact.number);
    if (index >= 0) this.#people.splice(index, 1);
    this.#roles.delete(contact.number);
  }

  #tell(by: Contact, change: GroupChange): void {
    if (this.goneCode !== undefined) return;
    const other = jidOf(by, this.addressing === 'lid' ? 'pn' : 'lid');
    const attrs = {
      from: this.jid,
      type: 'w:gp2',
      id: newMessageId(),
      t: String(nowSeconds()),
      participant: this.addressOf(by),
      [this.addressing === 'lid' ? 'participant_pn' : 'participant_lid']: other,
      addressing_mode: this.addressing,
    };
    const content = [groupNotification(change, (contact) => this.participant(contact))];
    for (const id of this.#network.companionIds())
      this.#network.post(id, stanza('notification', attrs, content));
  }
}

function newInviteCode(): string {
  return randomBytes(16).toString('base64url');
}
