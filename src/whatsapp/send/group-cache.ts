import type { GroupMetadata, WASocket } from '@whiskeysockets/baileys';
import { LRUCache } from 'lru-cache';
import { messageOf } from '../../core/errors.ts';
import type { GroupFacts } from '../../core/messages.ts';
import { numberAmong, personId } from '../address.ts';
import { notConnected } from './acknowledgements.ts';

const KEEP_MS = 5 * 60 * 1000;

/** Who is in which group, kept for five minutes: asking for it before every send runs into WhatsApp's rate limits. */
export class GroupCache {
  readonly #entries = new LRUCache<string, GroupMetadata>({ max: 500, ttl: KEEP_MS });
  /** Questions under way whose answer may be kept. */
  readonly #asking = new Map<string, symbol>();

  async metadata(chat: string, socket: Pick<WASocket, 'groupMetadata'>): Promise<GroupMetadata> {
    const known = this.#entries.get(chat);
    if (known) return known;
    const question = Symbol(chat);
    this.#asking.set(chat, question);
    try {
      const metadata = await ask(chat, socket);
      if (this.#asking.get(chat) === question) this.#entries.set(chat, metadata);
      return metadata;
    } finally {
      if (this.#asking.get(chat) === question) this.#asking.delete(chat);
    }
  }

  /** Something changed: what is kept, and the answer to a question asked before, may be older than that. */
  forget(chat: string): void {
    this.#entries.delete(chat);
    this.#asking.delete(chat);
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
    return { chat, subject: metadata.subject, members };
  }
}

/** A query that gets no answer in time resolves with nothing, and the library trips over that. */
async function ask(chat: string, socket: Pick<WASocket, 'groupMetadata'>): Promise<GroupMetadata> {
  try {
    return await socket.groupMetadata(chat);
  } catch (error) {
    const isUnanswered = error instanceof TypeError || messageOf(error).includes('missing <group> node');
    throw isUnanswered ? notConnected(error) : error;
  }
}
