import { DAY_MS, HOUR_MS, KIB, type Limit, MIB, MINUTE_MS } from './limit-units.ts';
import { MEMORY_LIMITS } from './memory-limits.ts';
import { TABLE_LIMITS } from './table-limits.ts';

export type { Limit } from './limit-units.ts';

const COMMANDS_WAIT_MS = DAY_MS;
const SENDS_WAIT_MS = 7 * DAY_MS;
const HTTP_BODY_BYTES = 16 * KIB;

/**
 * Every limit of what is kept, waits or is tried again, in one place. docs/operating.md shows this list as a table
 * (`npm run docs` writes it), and a test fails if a durable table has no entry here.
 * `limit-counts.ts` counts how often each one was reached.
 */
export const LIMITS = {
  ...TABLE_LIMITS,
  'runs:person': {
    what: 'open conversations of one person, one a chat',
    count: 5,
    atLimit: 'A new conversation is refused with a sentence.',
  },
  'runs:log': {
    what: 'remembered calls of one conversation',
    count: 1_000,
    atLimit: 'The conversation ends with an error in the log.',
  },
  'commands:chat': {
    what: 'commands that wait in one chat',
    count: 5_000,
    bytes: 8 * MIB,
    timeMs: COMMANDS_WAIT_MS,
    atLimit:
      'The newest command is dropped without an answer. A command that has waited for a day is dropped too.',
  },
  'commands:person': {
    what: 'commands of one person that wait or run, in all chats',
    count: 6_000,
    bytes: 4 * MIB,
    timeMs: COMMANDS_WAIT_MS,
    atLimit: 'The newest command of that person is dropped without an answer.',
  },
  'commands:all': {
    what: 'commands that wait or run, of all people',
    count: 20_000,
    bytes: 64 * MIB,
    timeMs: COMMANDS_WAIT_MS,
    atLimit: 'The newest command is dropped without an answer.',
  },
  'sends:chat': {
    what: 'messages that wait to be sent in one chat',
    count: 1_000,
    bytes: 80 * MIB,
    timeMs: SENDS_WAIT_MS,
    atLimit:
      'A new send rejects with SEND_REFUSED. A send that has waited for 7 days rejects with the same error.',
  },
  'sends:all': {
    what: 'messages that wait to be sent',
    count: 20_000,
    bytes: 160 * MIB,
    timeMs: SENDS_WAIT_MS,
    atLimit:
      'A new send rejects with SEND_REFUSED. A send that has waited for 7 days rejects with the same error.',
  },
  'reminders:person': {
    what: 'reminders of one person',
    count: 50,
    atLimit: 'A new reminder is refused with a sentence to the person.',
  },
  'polls:voters': {
    what: 'people whose votes in one poll are counted',
    count: 2_000,
    atLimit: 'The vote of a further person is ignored.',
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
  'number-lookups': {
    what: 'numbers that WhatsApp did not look up, and the pause before the bot asks again',
    count: 1_000,
    timeMs: HOUR_MS,
    atLimit:
      'The pause of a number grows from a minute to an hour. If there are more numbers, the oldest half is forgotten, and the bot may ask for those earlier.',
  },
  'http:sends': {
    what: 'messages of `POST /messages` that are being sent',
    count: 100,
    bytesEach: HTTP_BODY_BYTES,
    atLimit: 'The caller gets 503 with a time to wait.',
  },
  'http:pages': {
    what: 'open status pages, and the bytes of each that its browser has not read',
    count: 20,
    bytesEach: 256 * KIB,
    atLimit: 'The next page gets 503. A page that does not read is disconnected and connects again.',
  },
  'http:body': {
    what: 'body of a request',
    bytesEach: HTTP_BODY_BYTES,
    timeMs: 15_000,
    atLimit: 'The caller gets 413, or the connection is closed.',
  },
  'log:waiting': {
    what: 'bytes of the log that its reader has not taken',
    bytes: 1 * MIB,
    atLimit: 'Further lines are dropped and counted. A line says how many were dropped.',
  },
  'http:connections': {
    what: 'HTTP connections to the status page',
    count: 100,
    timeMs: MINUTE_MS,
    atLimit:
      'The oldest connection without a whole request is closed, so that a health check always gets in.',
  },
  'http:address': {
    what: 'HTTP connections to the status page from one address',
    count: 50,
    atLimit: 'The same, among the connections from that address.',
  },
  'http:headers': {
    what: 'headers of a request',
    timeMs: 5_000,
    atLimit: 'The connection is closed.',
  },
  'message-ids': {
    what: 'id or address of a message',
    bytesEach: 256,
    atLimit: 'The message is ignored.',
  },
  'message-ciphertexts': {
    what: 'ciphertexts of one message: a message that could not be read comes again in another one',
    count: 16,
    atLimit: 'A further ciphertext of the message is ignored.',
  },
  crashes: {
    what: 'crashes of the bot while it ran the handler of one message, conversation or time of a schedule, or sent one reminder. A new remembered call of a conversation sets its count to 0',
    count: 2,
    atLimit: 'It is set aside: it is not tried again, and the person is told. A schedule skips this time.',
  },
  'crashes:sent': {
    what: 'the same, if the handler had sent something',
    count: 4,
    atLimit: 'The same.',
  },
  'crashes:waiting': {
    what: 'crashes of the bot while a conversation or a time of a schedule did nothing new (it waited for WhatsApp, or repeated what it remembers), or while later work ran beside the work. These crashes do not count above',
    count: 10,
    atLimit: 'The same.',
  },
  'sends:closes': {
    what: 'closes of the connection by WhatsApp while one message was not acknowledged',
    count: 3,
    atLimit: 'The message is refused for good.',
  },
  'chats:closes': {
    what: 'stream errors after messages to one chat, with no acknowledged message to it since',
    count: 3,
    timeMs: DAY_MS,
    atLimit:
      'Messages to the chat are refused for ten minutes, then one more is tried. The pause doubles with each further close, up to the time.',
  },
  'key-transaction': {
    what: 'a key transaction, in which the library may wait for WhatsApp',
    timeMs: MINUTE_MS,
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
  ...MEMORY_LIMITS,
} as const satisfies Readonly<Record<string, Limit>>;

export type LimitName = keyof typeof LIMITS;
