import type { WASocket } from '@whiskeysockets/baileys';
import type { GroupChange, MemberChange } from '../../core/messages/group-facts.ts';
import type { AnswerLog } from './answer-log.ts';
import { answerIn } from './answer-verdicts.ts';

type GroupSocket = Pick<
  WASocket,
  | 'groupParticipantsUpdate'
  | 'groupUpdateSubject'
  | 'groupUpdateDescription'
  | 'groupSettingUpdate'
  | 'groupInviteCode'
>;

/** Changes groups in which the account is an admin. Rejects with the error of `AnswerLog`. */
export class GroupChanges {
  readonly #answers: AnswerLog;

  constructor(answers: AnswerLog) {
    this.#answers = answers;
  }

  async members(
    socket: GroupSocket,
    chat: string,
    change: MemberChange,
    jids: readonly string[],
  ): Promise<void> {
    const results = await this.#ask(chat, () => socket.groupParticipantsUpdate(chat, [...jids], change));
    // 409: they are in it already; 404: they are not in it.
    const failed = results.find(({ status }) => !['200', '409', '404'].includes(status));
    if (failed)
      throw this.#answers.errorFor('group', chat, { kind: 'error', code: Number(failed.status) || 400 });
  }

  async group(socket: GroupSocket, chat: string, change: GroupChange): Promise<void> {
    const { subject, description, isForAdminsOnly } = change;
    if (subject !== undefined) await this.#ask(chat, () => socket.groupUpdateSubject(chat, subject));
    if (description !== undefined)
      await this.#ask(chat, () => socket.groupUpdateDescription(chat, description || undefined));
    if (isForAdminsOnly === undefined) return;
    const setting = isForAdminsOnly ? 'announcement' : 'not_announcement';
    await this.#ask(chat, () => socket.groupSettingUpdate(chat, setting));
  }

  async inviteLink(socket: GroupSocket, chat: string): Promise<string> {
    const code = await this.#ask(chat, () => socket.groupInviteCode(chat));
    return `https://chat.whatsapp.com/${code}`;
  }

  async #ask<T>(chat: string, query: () => Promise<T>): Promise<T> {
    try {
      return await query();
    } catch (error) {
      throw this.#answers.errorFor('group', chat, answerIn(error), error);
    }
  }
}
