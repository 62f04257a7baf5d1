import type { Group } from '../phones/group.ts';
import type { Person } from '../phones/person.ts';
import type { Companion } from '../server/companion-device.ts';
import type { Directory } from '../server/directory.ts';
import type { Switches } from '../server/fault-switches.ts';

/** The server as the answers to queries use it. */
export interface QueryContext {
  readonly companion: Companion;
  readonly directory: Directory;
  readonly switches: Switches;
  /** Hosts for media, `host:port`. */
  readonly mediaHosts: readonly string[];
  /** The account makes a group. */
  readonly createGroup: (subject: string, people: readonly Person[]) => Group;
  /** The client wants stanzas from now on. */
  readonly activate: () => void;
  /** The client logs out. */
  readonly unlink: () => void;
}
