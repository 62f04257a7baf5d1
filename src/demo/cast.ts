import type { Group } from '../simulator/phones/group.ts';
import type { OwnerPhone } from '../simulator/phones/owner-phone.ts';
import type { Person } from '../simulator/phones/person.ts';
import type { SimulatedWhatsApp } from '../simulator/server/simulated-whatsapp.ts';

/** Who writes at the moment, and where: to the bot itself, or in the group. */
export interface Role {
  readonly who: string;
  readonly phone: Person | OwnerPhone;
  readonly group: Group | undefined;
}

/** The people of the demo. */
export class Cast {
  readonly anna: Person;
  readonly ben: Person;
  readonly owner: OwnerPhone;
  readonly family: Group;

  constructor(simulator: SimulatedWhatsApp) {
    this.anna = simulator.addPerson({ name: 'Anna', number: '15550102030' });
    this.ben = simulator.addPerson({ name: 'Ben', number: '15550104050', addressing: 'lid' });
    this.owner = simulator.phone;
    this.family = simulator.addGroup({ subject: 'Family', people: [this.anna, this.ben] });
  }

  get phones(): ReadonlyArray<Person | OwnerPhone> {
    return [this.anna, this.ben, this.owner];
  }

  /**
   * The role that some names describe, in any order: a person is a direct chat, the group alone keeps the person.
   * Undefined if a name is unknown.
   */
  find(names: readonly string[], before: Role): Role | undefined {
    let role: Role = { ...before, group: undefined };
    for (const name of names.map((one) => one.toLowerCase())) {
      if (name === 'in' || name === 'to') continue;
      const phone = this.phones.find((one) => one.name.toLowerCase() === name);
      if (phone !== undefined) role = { ...role, who: phone.name, phone };
      else if (name === this.family.subject.toLowerCase()) role = { ...role, group: this.family };
      else return undefined;
    }
    return role;
  }

  named(who: string): Role {
    const phone = this.phones.find((one) => one.name === who) ?? this.anna;
    return { who: phone.name, phone, group: undefined };
  }
}

/** `Anna`, `Anna in Family`. */
export function roleName({ who, group }: Role): string {
  return group === undefined ? who : `${who} in ${group.subject}`;
}
