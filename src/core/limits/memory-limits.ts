import { DAY_MS, HOUR_MS, type Limit, MIB, MINUTE_MS } from './limit-units.ts';

/** The limits of what is remembered in memory alone: to be fast, to recognise what comes again, or to be shown. */
export const MEMORY_LIMITS = {
  'message-records': {
    what: 'records of what became of messages, for the status page',
    count: 50,
    atLimit: 'The oldest record is forgotten.',
  },
  'group-members': {
    what: 'groups whose members are kept in memory',
    count: 500,
    bytes: 32 * MIB,
    timeMs: 5 * MINUTE_MS,
    atLimit: 'The group is queried again before the next message to it.',
  },
  'resend-counters': {
    what: 'counters of how often a message was asked for again',
    count: 5_000,
    bytes: 2 * MIB,
    timeMs: HOUR_MS,
    atLimit: 'The oldest counter is forgotten.',
  },
  'phone-requests': {
    what: 'messages that the phone was asked for, because only it has them',
    count: 10_000,
    timeMs: DAY_MS,
    atLimit:
      'The phone is not asked for a message that is older than a day. If there are more messages, the oldest half is forgotten, and the phone may be asked for those twice.',
  },
  'keys:memory': {
    what: 'keys of the session that are kept in memory',
    count: 2_000,
    bytes: 4 * MIB,
    atLimit: 'The key that was used least recently is read from its file when it is needed.',
  },
  'keys:parsed': {
    what: 'Signal sessions and sender keys that are kept parsed; the bytes are those of their JSON',
    count: 500,
    bytes: 2 * MIB,
    atLimit: 'The key that was used least recently is parsed when it is needed.',
  },
  'ratchet-keys:memory': {
    what: 'keys of ratchets that are kept for OpenSSL, each of about a kilobyte',
    count: 500,
    atLimit: 'The oldest half is forgotten. A key is made again when it is needed.',
  },
  'recent:messages': {
    what: 'messages in each list of recent ones (in progress or done, own, edited)',
    count: 20_000,
    atLimit: 'The oldest half is forgotten. For these the bot then looks only into its tables on the disk.',
  },
  'recent:people': {
    what: 'people in each list of recent ones (names, loops, hints, addresses, devices)',
    count: 4_000,
    atLimit: 'The oldest half is forgotten.',
  },
  'recent:cooldowns': {
    what: 'uses of commands with a cooldown',
    count: 20_000,
    atLimit: 'The oldest half is forgotten: those people do not have to wait.',
  },
  'recent:answers': {
    what: 'requests that WhatsApp refused for now',
    count: 2_000,
    atLimit: 'The oldest half is forgotten, and their tries are counted from 0.',
  },
  'answer-times': {
    what: 'messages whose answer is measured',
    count: 1_000,
    atLimit: 'The oldest message is not measured.',
  },
} as const satisfies Readonly<Record<string, Limit>>;
