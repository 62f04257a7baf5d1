import { DAY_MS, KIB, type Limit, MIB } from './limit-units.ts';

/** The limits of the durable tables of the session. */
export const TABLE_LIMITS = {
  'table:inbox': {
    what: 'messages received and not finished, and the hashes of finished ones',
    count: 10_000,
    bytes: 32 * MIB,
    bytesEach: 384 * KIB,
    timeMs: 7 * DAY_MS,
    atLimit: 'Finished messages are forgotten first, then the oldest unfinished ones are given up.',
  },
  'table:outcomes': {
    what: 'what became of messages, for `session explain`; no text and no whole numbers',
    count: 5_000,
    bytes: 2 * MIB,
    timeMs: 7 * DAY_MS,
    atLimit: 'The oldest one is forgotten.',
  },
  'table:sent': {
    what: 'messages sent, kept for people who could not read them',
    count: 1_000,
    bytes: 64 * MIB,
    bytesEach: 256 * KIB,
    timeMs: 30 * DAY_MS,
    atLimit: 'The oldest message is forgotten. A phone that asks for it again gets nothing.',
  },
  'table:reminders': {
    what: 'reminders, due within a year at most',
    count: 10_000,
    bytes: 64 * MIB,
    timeMs: 365 * DAY_MS,
    atLimit: 'A new reminder is refused with a sentence to the person.',
  },
  'table:chat-state': {
    what: 'values that commands keep for a chat or a person: 8,192 characters each',
    count: 5_000,
    bytes: 64 * MIB,
    bytesEach: 24 * KIB,
    timeMs: 30 * DAY_MS,
    atLimit: 'Expired values are removed. If that is not enough, the command gets an error.',
  },
  'table:edits': {
    what: 'notes of which edit replaced a message',
    count: 10_000,
    bytes: 8 * MIB,
    timeMs: DAY_MS,
    atLimit: 'The oldest note is forgotten.',
  },
  'table:runs': {
    what: 'conversations that are open',
    count: 2_000,
    bytes: 32 * MIB,
    bytesEach: 256 * KIB,
    timeMs: 30 * DAY_MS,
    atLimit:
      'A new conversation is refused with a sentence. A conversation whose log is too large ends, and the person is told. One that is too old ends, and the person is not told.',
  },
  'table:polls': {
    what: 'polls of the bot whose votes are counted',
    count: 500,
    bytes: 32 * MIB,
    timeMs: 30 * DAY_MS,
    atLimit: 'The oldest poll is forgotten. Further votes in it are ignored.',
  },
  'table:schedules': {
    what: 'the last handled time of each schedule. If the file of the schedule is gone, the row is kept for a year after that time',
    count: 1_000,
    bytes: 1 * MIB,
    timeMs: 365 * DAY_MS,
    atLimit: 'The oldest row is forgotten.',
  },
  'table:devices': {
    what: 'lists of the devices that people have',
    count: 5_000,
    bytes: 16 * MIB,
    timeMs: DAY_MS,
    atLimit: 'The oldest list is forgotten and asked for again.',
  },
  'table:client': {
    what: 'two facts about the client: its version, and when the phone was last seen. A new value replaces the old one',
    count: 2,
    bytes: 4 * KIB,
    atLimit: 'The oldest fact is forgotten.',
  },
  'table:http-keys': {
    what: 'keys of `POST /messages`: a hash of the key and of its message',
    count: 10_000,
    bytes: 2 * MIB,
    bytesEach: 128,
    timeMs: 7 * DAY_MS,
    atLimit: 'The oldest key is forgotten: the next message with that key is taken for a new one.',
  },
  'table:numbers': {
    what: 'numbers that people typed, and the numbers under which WhatsApp knows them',
    count: 2_000,
    bytes: 1 * MIB,
    timeMs: 30 * DAY_MS,
    atLimit:
      'The oldest answer is forgotten, and WhatsApp is asked again. Numbers in the settings are forgotten last.',
  },
} as const satisfies Readonly<Record<`table:${string}`, Limit>>;
