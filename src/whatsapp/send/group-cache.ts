import type { GroupMetadata, WASocket } from '@whiskeysockets/baileys';
import { LRUCache } from 'lru-cache';
import { LIMITS } from '../../core/limits/limits.ts';
import type { GroupFacts } from '../../core/messages/group-facts.ts';
import { numberAmong, personId } from '../address.ts';
import type { AnswerLog } from './answer-log.ts';
import { answerIn } from './answer-verdicts.ts';
import { notConnected } from './send-errors.ts';

const { count, bytes, timeMs } = LIMITS['group-members'];

/** One member with both addresses, in memory. */
const MEMBER_BYTES = 512;
const sizeOf = ({ participants, desc = '' }: GroupMetadata): number =>
  MEMBER_BYTES * (participants.length + 1) + desc.length;

/** The members of groups, kept for five minutes: a query before every send would reach WhatsApp's rate limit. */
export class GroupCache {
  readonly #entries = new LRUCache<string, GroupMetadata>({
    max: count,
    maxSize: bytes,
    sizeCalculation: sizeOf,
    ttl: timeMs,
  });
  /** Queries under way whose answer may be kept. */
  readonly #queries = new Map<string, symbol>();

  readonly #answers: AnswerLog;

  constructor(answers: AnswerLog) {
    this.#answers = answers;
  }

  /**
   * Rejects with `SEND_REFUSED` if WhatsApp refuses the query for the group, with `SEND_TIMEOUT` if it may do so later,
   * with `NOT_CONNECTED` if it does not answer.
   */
  async metadata(chat: string, socket: Pick<WASocket, 'groupMetadata'>): Promise<GroupMetadata> {
    const known = this.#entries.get(chat);
    if (known) return known;
    const query = Symbol(chat);
    this.#queries.set(chat, query);
    try {
      const metadata = await this.#ask(chat, socket);
      this.#answers.answered('group', chat);
      if (this.#queries.get(chat) === query) this.#entries.set(chat, metadata);
      return metadata;
    } finally {
      if (this.#queries.get(chat) === query) this.#queries.delete(chat);
    }
  }

  /** The group changed. Removes what is kept; the answer to a query that was sent before is not kept either. */
  forget(chat: string): void {
    this.#entries.delete(chat);
    this.#queries.delete(chat);
  }

  async facts(
    chat: string,
    numberOf: (lid: string) => string | undefined,
    socket: Pick<WASocket, 'groupMetadata'>,
  ): Promise<GroupFacts> {
    const metadata = await this.metadata(chat, socket);
    const members = metadata.participants.map((member) => ({
      id: personId(numberAmong(member.id, member.phoneNumber) ?? numberOf(member.id), member.id),
      jid: member.id,
      isAdmin: member.admin === 'admin' || member.admin === 'superadmin',
    }));
    const { subject, desc: description, announce } = metadata;
    return { chat, subject, description, isForAdminsOnly: announce === true, members };
  }

  /** If a query gets no answer, the library throws an error without a code of WhatsApp. */
  async #ask(chat: string, socket: Pick<WASocket, 'groupMetadata'>): Promise<GroupMetadata> {
    try {
      return await socket.groupMetadata(chat);
    } catch (error) {
      const answer = answerIn(error);
      if (answer.kind !== 'error') throw notConnected(error);
      throw this.#answers.errorFor('group', chat, answer, error);
    }
  }
}
