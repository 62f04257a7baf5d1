/**
 * Every limit of what is kept, waits or is tried again, in one place. docs/operating.md shows this list as a table
 * (`npm run docs` writes it), and a test fails if a durable table has no entry here.
 * `limit-counts.ts` counts how often each one was reached.
 */
export interface Limit {
  /** What is limited, as a noun phrase for the table: "messages sent". */
  readonly what: string;
  /** How many at most. */
  readonly count?: number;
  /** How many bytes at most, all together. */
  readonly bytes?: number;
  /** How many bytes one of them may have. */
  readonly bytesEach?: number;
  /** How many bytes a process of its own may use for one of them. */
  readonly processBytes?: number;
  /** How long at most, in milliseconds. */
  readonly timeMs?: number;
  /** What happens at the limit, as a sentence. */
  readonly atLimit: string;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Keys that name a durable table of the session begin with `table:`. */
export const LIMITS = {
  'table:inbox': {
    what: 'messages received and not finished, and the hashes of finished ones',
    count: 10_000,
    bytes: 32 * MIB,
    bytesEach: 384 * KIB,
    timeMs: 7 * DAY_MS,
    atLimit: 'Finished messages are forgotten first, then the oldest unfinished ones are given up.',
  },
  'table:sent': {
    what: 'messages sent, kept for people who could not read them',
    count: 1_000,
    bytes: 64 * MIB,
    bytesEach: 256 * KIB,
    timeMs: 30 * DAY_MS,
    atLimit: 'The oldest message is forgotten; a phone that asks for it again gets nothing.',
  },
  'table:reminders': {
    what: 'reminders and scheduled messages',
    count: 10_000,
    bytes: 64 * MIB,
    timeMs: 365 * DAY_MS,
    atLimit: 'A new reminder is refused with a sentence to the person.',
  },
  'table:chat-state': {
    what: 'values that commands keep for a chat',
    count: 5_000,
    bytes: 64 * MIB,
    bytesEach: 8 * KIB,
    timeMs: 30 * DAY_MS,
    atLimit: 'Expired values are removed first; then the write is refused with an error to the command.',
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
      'A new conversation is refused with a sentence. One whose log is too large ends with one. One that is too old ends without one.',
  },
  'table:polls': {
    what: 'polls of the bot whose votes are counted',
    count: 500,
    bytes: 32 * MIB,
    timeMs: 30 * DAY_MS,
    atLimit: 'The oldest poll is forgotten; further votes in it are ignored.',
  },
  'table:schedules': {
    what: 'schedules: until when their times have been dealt with',
    count: 1_000,
    bytes: 1 * MIB,
    timeMs: 365 * DAY_MS,
    atLimit: 'There is one row for each file with a schedule.',
  },
  'runs:person': {
    what: 'open conversations of one person, one a chat',
    count: 5,
    timeMs: 30 * DAY_MS,
    atLimit: 'A new conversation is refused with a sentence.',
  },
  'run-tries': {
    what: 'starts that go on with a conversation, or with one time of a schedule, and make no progress',
    count: 2,
    atLimit:
      'The conversation ends and the person is told; a schedule skips this time. The log names the file.',
  },
  'commands:chat': {
    what: 'commands that wait in one chat',
    count: 5_000,
    bytes: 8 * MIB,
    timeMs: DAY_MS,
    atLimit:
      'The newest command is dropped without an answer; a command that waited for so long is dropped too.',
  },
  'commands:person': {
    what: 'commands of one person that wait or run, in all chats',
    count: 6_000,
    bytes: 4 * MIB,
    timeMs: DAY_MS,
    atLimit: 'The newest command of that person is dropped without an answer.',
  },
  'commands:all': {
    what: 'commands that wait or run, of all people',
    count: 20_000,
    bytes: 64 * MIB,
    timeMs: DAY_MS,
    atLimit: 'The newest command is dropped without an answer.',
  },
  'sends:chat': {
    what: 'messages that wait to be sent in one chat',
    count: 1_000,
    bytes: 80 * MIB,
    atLimit: 'The send rejects with SEND_REFUSED.',
  },
  'sends:all': {
    what: 'messages that wait to be sent',
    count: 20_000,
    bytes: 160 * MIB,
    atLimit: 'The send rejects with SEND_REFUSED.',
  },
  'reminder-tries': {
    what: 'tries to send one reminder that WhatsApp does not acknowledge',
    count: 12,
    timeMs: DAY_MS,
    atLimit: 'The reminder is dropped with a warning in the log.',
  },
  pictures: {
    what: 'pictures that are decoded: one at a time, in a process of its own',
    count: 1,
    bytesEach: 160 * MIB,
    processBytes: 320 * MIB,
    timeMs: 20_000,
    atLimit: 'The person is told that the picture is too large.',
  },
  'table:devices': {
    what: 'lists of the devices that people have',
    count: 5_000,
    bytes: 16 * MIB,
    timeMs: DAY_MS,
    atLimit: 'The oldest list is forgotten and asked for again.',
  },
  'table:client': {
    what: 'facts about the client: its version, when the phone was seen',
    count: 100,
    bytes: 1 * MIB,
    timeMs: 365 * DAY_MS,
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
  'http:sends': {
    what: 'messages of `POST /messages` on their way',
    count: 100,
    bytes: 2 * MIB,
    bytesEach: 16 * KIB,
    atLimit: 'The caller gets 503 with a time to wait.',
  },
  'http:pages': {
    what: 'open status pages; the bytes of each that its browser has not read',
    count: 20,
    bytesEach: 256 * KIB,
    atLimit: 'The next page gets 503; a page that does not read is disconnected and connects again.',
  },
  'http:body': {
    what: 'body of a request',
    count: 1,
    bytesEach: 16 * KIB,
    timeMs: 15_000,
    atLimit: 'The caller gets 413, or the connection is closed.',
  },
  'log:waiting': {
    what: 'bytes of the log that its reader has not taken',
    bytes: 1 * MIB,
    atLimit: 'Further lines are dropped and counted; a line says how many.',
  },
  'message-records': {
    what: 'records of what became of messages, for the status page',
    count: 50,
    atLimit: 'The oldest record is forgotten.',
  },
  'http:connections': {
    what: 'connections to the status page; 50 from one address',
    count: 100,
    timeMs: MINUTE_MS,
    atLimit:
      'The oldest connection without a whole request is closed, so that a health check always gets in.',
  },
  'message-ciphertexts': {
    what: 'ciphertexts of one message: it comes again if it could not be read',
    count: 16,
    atLimit: 'A further ciphertext of the message is ignored.',
  },
  'phone-requests': {
    what: 'messages that the phone was asked for, because only it has them',
    count: 10_000,
    timeMs: DAY_MS,
    atLimit: 'After the time the phone is not asked again; beyond the number it may be asked twice.',
  },
  'group-members': {
    what: 'groups whose members are kept in memory',
    count: 500,
    timeMs: 5 * MINUTE_MS,
    atLimit: 'The group is queried again before the next message to it.',
  },
  'resend-counters': {
    what: 'counters of how often a message was asked for again',
    count: 5_000,
    timeMs: HOUR_MS,
    atLimit: 'The oldest counter is forgotten.',
  },
  crashes: {
    what: 'crashes of the bot while the handler of one message ran',
    count: 2,
    atLimit: 'The message is set aside: its handler is not started again, and the person is told.',
  },
  'crashes:sent': {
    what: 'the same, if the handler had sent something',
    count: 4,
    atLimit: 'The message is set aside.',
  },
  'sends:closes': {
    what: 'closes of the connection by WhatsApp while one message was not acknowledged',
    count: 3,
    atLimit: 'The message is refused for good.',
  },
  'key-transaction': {
    what: 'a key transaction, in which the library may wait for WhatsApp',
    count: 1,
    timeMs: 60_000,
    atLimit: 'It is abandoned without a change, and another connection is opened.',
  },
  'inflate:frame': {
    what: 'compressed data of one stanza, or of a history inside a message',
    bytesEach: 32 * MIB,
    atLimit: 'The stanza or the history is ignored.',
  },
  'inflate:history': {
    what: 'a history that the phone uploaded',
    bytesEach: 32 * MIB,
    atLimit: 'The history is ignored. The LIDs of people are then learned from their messages.',
  },
  'work:undecrypted': {
    what: 'messages that arrive on a connection while no decryption ends',
    count: 3,
    timeMs: 45_000,
    atLimit: '`/readyz` is red, and another connection is opened, with growing pauses of at most an hour.',
  },
  'work:unreadable': {
    what: 'messages of several people that cannot be decrypted, and none that can',
    count: 10,
    timeMs: MINUTE_MS,
    atLimit: 'The same.',
  },
  'work:unanswered': {
    what: 'messages that the bot has while it finishes none and WhatsApp acknowledges no send',
    count: 3,
    timeMs: 3 * MINUTE_MS,
    atLimit: 'The same.',
  },
  'app-state-requests': {
    what: 'requests for one part of the app state in one sync',
    count: 10,
    atLimit: 'The sync is given up; the bot works without it.',
  },
} as const satisfies Readonly<Record<string, Limit>>;

export type LimitName = keyof typeof LIMITS;
