import { createHash } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';
import type {
  ContactCard,
  IncomingEvent,
  Place,
  PollQuestion,
} from '../../core/messages/incoming-message.ts';
import { openSealed } from './sealed-content.ts';

const { Type } = proto.Message.ProtocolMessage;

/** What an unwrapped message does to an earlier one; undefined if it is a message of its own. Votes are sealed. */
export function eventIn(content: proto.IMessage): IncomingEvent | undefined {
  const { protocolMessage, reactionMessage } = content;
  const deleted = protocolMessage?.type === Type.REVOKE ? protocolMessage.key?.id : undefined;
  if (deleted) return { kind: 'deleted', target: deleted };
  const target = reactionMessage?.key?.id;
  return target ? { kind: 'reaction', target, emoji: (reactionMessage.text ?? '').slice(0, 64) } : undefined;
}

/** A poll that the account sent, and the addresses of the account and of the voter. */
export interface VoteFacts {
  readonly poll: proto.IMessage;
  readonly senders: readonly string[];
  readonly actors: readonly string[];
}

/** The id of the poll that a message votes in. */
export const votedPoll = (content: proto.IMessage): string | undefined =>
  content.pollUpdateMessage?.pollCreationMessageKey?.id ?? undefined;

/**
 * Opens a vote. It names the SHA-256 of each chosen option and is sealed under the secret of the poll (Baileys
 * `decryptPollVote`). Undefined if it cannot be opened.
 */
export function openVote(content: proto.IMessage, facts: VoteFacts): IncomingEvent | undefined {
  const target = votedPoll(content);
  const secret = facts.poll.messageContextInfo?.messageSecret;
  const vote = content.pollUpdateMessage?.vote;
  if (!target || !secret || !vote) return undefined;
  const { senders, actors } = facts;
  const opened = openSealed(vote, { use: 'Poll Vote', messageId: target, secret, senders, actors });
  if (!opened) return undefined;
  try {
    const { selectedOptions } = proto.Message.PollVoteMessage.decode(opened);
    const chosen = new Set(selectedOptions.map((hash) => Buffer.from(hash).toString('hex')));
    const options = pollIn(facts.poll)?.options ?? [];
    return { kind: 'vote', target, options: options.filter((option) => chosen.has(hashOf(option))) };
  } catch {
    return undefined;
  }
}

const hashOf = (option: string): string => createHash('sha256').update(option).digest('hex');

/** The poll that an unwrapped message starts. */
export function pollIn(content: proto.IMessage): PollQuestion | undefined {
  const poll = content.pollCreationMessage ?? content.pollCreationMessageV2 ?? content.pollCreationMessageV3;
  if (!poll) return undefined;
  return {
    question: poll.name ?? '',
    options: (poll.options ?? []).map(({ optionName }) => optionName ?? ''),
  };
}

/** The place that an unwrapped message shows. */
export function placeIn(content: proto.IMessage): Place | undefined {
  const place = content.locationMessage ?? content.liveLocationMessage;
  const { degreesLatitude: latitude, degreesLongitude: longitude } = place ?? {};
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return undefined;
  const { name, address } = content.locationMessage ?? {};
  return { latitude, longitude, name: name ?? undefined, address: address ?? undefined };
}

const MAX_CONTACTS = 50;

/** The contact cards in an unwrapped message. */
export function contactsIn(content: proto.IMessage): readonly ContactCard[] | undefined {
  const cards = content.contactMessage ? [content.contactMessage] : content.contactsArrayMessage?.contacts;
  return cards?.slice(0, MAX_CONTACTS).map(({ displayName, vcard }) => ({
    name: displayName ?? '',
    numbers: numbersIn(vcard ?? ''),
  }));
}

/** https://www.rfc-editor.org/rfc/rfc2426; `waid` is the number on WhatsApp. */
function numbersIn(vcard: string): string[] {
  const lines = vcard
    .slice(0, 10_000)
    .split(/\r?\n/)
    .filter((line) => /^(?:item\d+\.)?TEL/i.test(line));
  const numbers = lines.map((line) => /waid=(\d{5,20})/i.exec(line)?.[1] ?? line.split(':').at(-1) ?? '');
  return numbers.map((number) => number.replace(/\D/g, '')).filter((number) => number !== '');
}

/** The length of a voice note. */
export function voiceIn(content: proto.IMessage): { readonly seconds: number } | undefined {
  const { audioMessage } = content;
  return audioMessage?.ptt ? { seconds: audioMessage.seconds ?? 0 } : undefined;
}
