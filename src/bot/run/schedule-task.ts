import { EMPTY_MESSAGE } from '../../core/messages/empty-message.ts';
import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import type { LoadedSchedule } from '../loading/listener-registry.ts';
import type { StoredConversation } from '../replay/conversation-row.ts';
import type { HandlerTask } from './handler-runner.ts';

const KEY_BEGINS = 'schedule|';

/** The key of one time of a schedule. */
export const scheduleKey = (name: string, dueAtMs: number): string => `${KEY_BEGINS}${name}|${dueAtMs}`;

export const isScheduleKey = (key: string): boolean => key.startsWith(KEY_BEGINS);

/** What a schedule runs for has the form of a message, whose key makes the ids of what it sends. */
export function scheduleMessage(name: string, dueAtMs: number): IncomingMessage {
  const key = scheduleKey(name, dueAtMs);
  return {
    ...EMPTY_MESSAGE,
    key,
    id: key,
    chat: key,
    chatKind: 'other',
    sender: { id: key, number: undefined, jid: key, name: undefined },
    isFromMe: true,
    sentAtMs: dueAtMs,
  };
}

/** The handler of a schedule. If it fails, only the log says so, because no person asked for it. */
export function scheduleTask(
  message: IncomingMessage,
  { schedule, name, file }: LoadedSchedule,
  stored?: StoredConversation,
): HandlerTask {
  return {
    handler: { kind: 'schedule', name, file },
    message,
    command: { name, aliases: [], summary: '', access: 'everyone', usage: '' },
    args: {},
    text: '',
    isOwner: true,
    isAddressed: false,
    idKey: message.key,
    whenOpen: 'newest',
    stored,
    run: (ctx) =>
      schedule.run({
        dueAtMs: message.sentAtMs,
        sendTo: (to, say) => ctx.sendTo(to, say),
        step: (step, work) => ctx.step(step, work),
        now: () => ctx.now(),
        random: () => ctx.random(),
        botState: ctx.botState,
        me: ctx.me,
        signal: ctx.signal,
        log: ctx.log,
        services: ctx.services,
      }),
  };
}
