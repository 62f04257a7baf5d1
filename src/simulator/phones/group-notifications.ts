import { type Stanza, stanza } from '../wire/stanza.ts';
import type { Contact } from './contact-address.ts';

/** A change of a group. */
export type GroupChange =
  | {
      readonly kind: 'add' | 'remove' | 'promote' | 'demote';
      readonly people: readonly Contact[];
      /** `invite` if the person joined by a link. */
      readonly reason?: string;
    }
  /** The account was added to the group. */
  | { readonly kind: 'create'; readonly group: Stanza }
  | { readonly kind: 'subject'; readonly subject: string }
  | { readonly kind: 'description'; readonly description: string | undefined }
  | { readonly kind: 'setting'; readonly setting: 'announcement' | 'locked'; readonly isOn: boolean }
  | { readonly kind: 'invite'; readonly code: string };

const OFF = { announcement: 'not_announcement', locked: 'unlocked' } as const;

/** The child of a `w:gp2` notification. */
export function groupNotification(change: GroupChange, participant: (contact: Contact) => Stanza): Stanza {
  switch (change.kind) {
    case 'create':
      return stanza('create', {}, [change.group]);
    case 'subject':
      return stanza('subject', { subject: change.subject });
    case 'description': {
      const { description } = change;
      if (description === undefined) return stanza('description', { id: '1' }, [stanza('delete')]);
      return stanza('description', { id: '1' }, [stanza('body', {}, Buffer.from(description))]);
    }
    case 'setting':
      return stanza(change.isOn ? change.setting : OFF[change.setting]);
    case 'invite':
      return stanza('invite', { code: change.code });
    default:
      return stanza(change.kind, { reason: change.reason }, change.people.map(participant));
  }
}
