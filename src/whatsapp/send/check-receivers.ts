import { USyncQuery, USyncUser, type WASocket } from '@whiskeysockets/baileys';
import { chatKind } from '../address.ts';
import type { AnswerLog } from './answer-log.ts';
import { answerIn } from './answer-verdicts.ts';
import type { GroupCache } from './group-cache.ts';
import { notConnected } from './send-errors.ts';

/** The parts of a socket that look receivers up. */
export type PeopleSocket = Pick<WASocket, 'getUSyncDevices' | 'executeUSyncQuery' | 'groupMetadata'>;

/**
 * Looks the receivers of a message up before it is sent. If a device query gets no answer, the library encrypts only
 * for our own phone, and WhatsApp acknowledges the stanza all the same. The members of a group are queried
 * here because the library would query them inside a key transaction, which blocks the key queue.
 *
 * Rejects with `SEND_REFUSED` if WhatsApp knows no device of the person or refuses the query for the group, with
 * `SEND_TIMEOUT` if it may do so later, with `NOT_CONNECTED` if it does not answer.
 */
export async function checkReceivers(
  chat: string,
  socket: PeopleSocket,
  { groups, answers }: { readonly groups: GroupCache; readonly answers: AnswerLog },
): Promise<void> {
  const kind = chatKind(chat);
  if (kind === 'group') await groups.metadata(chat, socket);
  if (kind !== 'direct') return;
  try {
    const devices = await socket.getUSyncDevices([chat], true, false);
    if (devices.length > 0) return;
    // No device may also mean that the query got no answer, which the library does not tell.
    const query = new USyncQuery().withContext('message').withDeviceProtocol();
    const answer = await socket.executeUSyncQuery(query.withUser(new USyncUser().withId(chat)));
    if (!answer) throw notConnected();
  } catch (error) {
    const answer = answerIn(error);
    throw answer.kind === 'error' ? answers.errorFor('people', chat, answer, error) : error;
  }
  throw answers.errorFor('people', chat, { kind: 'no-devices' });
}
