import type { proto } from '@whiskeysockets/baileys';
import type { SentMessage } from '../server/delivery.ts';
import {
  type Addressing,
  addressingOf,
  type Contact,
  type GroupAddress,
  isGroup,
  jidOf,
} from './contact-address.ts';
import type { ReceivedMessage } from './received-messages.ts';

/** An earlier message that a person acts on. */
export interface ActionTarget {
  /** As the person's phone names it. */
  readonly key: proto.IMessageKey;
  readonly group: GroupAddress | undefined;
  readonly addressing: Addressing;
  /** JID of its sender, without a device. */
  readonly sender: string;
  /** JID of the person who acts, without a device. */
  readonly actor: string;
  readonly message: proto.IMessage;
}

interface TargetSearch {
  readonly id: string;
  readonly actor: Contact;
  /** The account of the bot. */
  readonly owner: Contact;
  /** The message if the person has sent it. */
  readonly sent: SentMessage | undefined;
  /** The message if the bot has sent it. */
  readonly received: ReceivedMessage | undefined;
  /** The message if somebody has sent it to the account. */
  readonly ofOthers: proto.IWebMessageInfo | undefined;
  /** Default the addressing of the chat. */
  readonly namedBy: Addressing | undefined;
}

/** Undefined if the person cannot see the message: neither they nor the bot wrote it, and it is in no group. */
export function targetOf(search: TargetSearch): ActionTarget | undefined {
  const { id, actor, owner, sent, received, ofOthers, namedBy } = search;
  const place = sent
    ? placeOfSent(sent, actor)
    : received
      ? placeOfReceived(received, owner)
      : placeOfOthers(ofOthers);
  if (!place) return undefined;
  const { group, addressing, message, senderIn } = place;
  const remoteJid = group?.jid ?? jidOf(owner, addressing);
  const participant = group ? { participant: senderIn(addressing) } : {};
  const key = { remoteJid, fromMe: sent !== undefined, id, ...participant };
  const named = namedBy ?? addressing;
  return { key, group, addressing, sender: senderIn(named), actor: jidOf(actor, named), message };
}

interface Place extends Pick<ActionTarget, 'group' | 'addressing' | 'message'> {
  /** JID of the sender, without a device. A third person has one address only. */
  readonly senderIn: (addressing: Addressing) => string;
}

function placeOfSent({ group, addressing, message }: SentMessage, actor: Contact): Place {
  return { group, addressing, message, senderIn: (chosen) => jidOf(actor, chosen) };
}

function placeOfReceived({ chat, from, message }: ReceivedMessage, owner: Contact): Place {
  const addressing = addressingOf(from);
  const group = isGroup(chat) ? { jid: chat, addressing } : undefined;
  return { group, addressing, message, senderIn: (chosen) => jidOf(owner, chosen) };
}

function placeOfOthers(info: proto.IWebMessageInfo | undefined): Place | undefined {
  const { remoteJid, participant } = info?.key ?? {};
  if (!remoteJid || !isGroup(remoteJid) || !participant) return undefined;
  const addressing = addressingOf(participant);
  const group = { jid: remoteJid, addressing };
  return { group, addressing, message: info?.message ?? {}, senderIn: () => participant };
}
