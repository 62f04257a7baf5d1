import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits/limits.ts';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

/** A field that outlives a call and can grow. */
const COLLECTION = /^ {2}(?:readonly )?#(\w+)(?:: [^=\n]+)? = (?:new (?:Map|Set)\b|\[\])/gm;

/**
 * What bounds each collection of the program: the name of a limit, or the reason why it cannot grow. Whoever adds a
 * collection adds a line here, and a limit if strangers can make it grow.
 */
const BOUNDS: Readonly<Record<string, string>> = {
  'app/status/answer-times.ts #receivedAtMs': 'the oldest of 1,000 goes',
  'app/bot-contents.ts #folders': 'one for each folder of the author',
  'app/message-intake.ts #inProgress': 'commands:all',
  'app/status/status-board.ts #changeListeners':
    'one for the page, one for each open page of http:connections',
  'app/status/status-board.ts #timingListeners': 'one for the metrics',
  'bot/chat-queues.ts #waiting': 'commands:all',
  'bot/intake/command-budget.ts #chats': 'commands:all',
  'bot/intake/command-budget.ts #persons': 'commands:all',
  'bot/intake/message-queue.ts #warnedAtMs': 'one for each limit',
  'bot/intake/message-queue.ts #working': 'commands:all',
  'bot/loading/command-registry.ts #builtIn': 'one for each built-in command',
  'bot/loading/command-registry.ts #byFile': 'one for each command of the author',
  'bot/loading/command-registry.ts #byName': 'one for each name of a command of the author',
  'bot/loading/listener-registry.ts #byFile': 'one for each listener of the author',
  'bot/loading/listener-registry.ts #schedules': 'one for each schedule of the author',
  'bot/replay/conversations.ts #againAtMs': 'table:runs',
  'bot/replay/conversations.ts #inProgress': 'table:runs',
  'bot/replay/replay.ts #steps': 'one for each call of a handler that is in progress',
  'bot/replay/replay.ts #waits': 'one: no other remembered call may begin before it has ended',
  'core/crash-history.ts #unacknowledged': 'conversations that go on after a crash: one for each row',
  'bot/replay/conversation-log.ts #unwritten': 'table:runs',
  'bot/replay/conversation-index.ts #byMessage': 'table:runs',
  'bot/replay/conversation-index.ts #openOf': 'table:runs',
  'bot/run/handler-run.ts #pending': 'sends:chat',
  'bot/run/semaphore.ts #waiting': 'commands:all',
  'bot/run/suspects.ts #running':
    'one for each row that was in progress at a crash: table:inbox, table:runs, schedules',
  'bot/send/outbox.ts #buckets': 'chats whose pace is back at its start are forgotten from 1,000 on',
  'bot/send/outbox.ts #bytesOf': 'sends:all',
  'bot/state/due-times.ts #sorted': 'table:reminders',
  'bot/state/reminders.ts #counts': 'table:reminders',
  'bot/state/reminders.ts #delivering': 'table:reminders',
  'bot/state/schedules.ts #running': 'one for each schedule of the author',
  'bot/run/deadline-queue.ts #items': 'one for each handler or send in progress',
  'core/recent-map.ts #old': 'the capacity that its owner gives',
  'core/recent-map.ts #young': 'the capacity that its owner gives',
  'core/stop-stack.ts #stops': 'one for each part of the program',
  'core/entry-sizes.ts #bytesOf': 'the limits of its owner',
  'http/connection-limit.ts #callers': 'http:connections',
  'http/status/event-stream.ts #listeners': '20, then 503',
  'http/status/event-stream.ts #timers': 'two',
  'http/messages/keyed-sends.ts #known': 'http:sends',
  'logging/output-sink.ts #waiting': 'what a slow reader may leave unread; then lines are dropped',
  'session/journal/checkpoints.ts #obsoleteJournals': 'the 16 names of journals',
  'session/journal/journal.ts #halfMade': 'the 16 names of journals',
  'session/journal/journal.ts #unsynced':
    'a tenth of a second of changes; a failed sync closes the connection',
  'session/values/large-json-file.ts #parts': 'one entry of at most 32 MiB',
  'session/values/stored-table.ts #pages': 'the limit of its table',
  'session/values/stored-table.ts #pageOf': 'the limit of its table',
  'session/values/stored-values.ts #unsaved': '1,000 keys, then a checkpoint',
  'whatsapp/connection/work-watch.ts #senders': 'a handful of senders; more are not needed for the decision',
  'whatsapp/connection/work-watch.ts #unanswered': 'table:inbox',
  'whatsapp/numbers/listed-numbers.ts #warned': 'one for each number in the settings',
  'whatsapp/numbers/typed-numbers.ts #asking':
    'one for each number in the settings, and one for each send in progress',
  'whatsapp/receive/inbox-table.ts #keyOfHash': 'table:inbox',
  'whatsapp/send/acknowledgements.ts #waiting': 'one for each send in progress',
  'whatsapp/send/group-cache.ts #queries': 'one for each query in progress',
  'whatsapp/send/sender.ts #onTheirWay': 'one for each send in progress',
};

const found = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts') && !/^(simulator|demo|cli)\//.test(path))
  .flatMap((path) =>
    [...readFileSync(join(SRC, path), 'utf8').matchAll(COLLECTION)].map(([, field]) => `${path} #${field}`),
  );

test('the list of collections names what bounds each collection that can grow', () => {
  expect(found.filter((field) => !(field in BOUNDS))).toEqual([]);
});

test('the list of collections names no collection that does not exist', () => {
  expect(Object.keys(BOUNDS).filter((field) => !found.includes(field))).toEqual([]);
});

test('if the list of collections names a limit, the limit exists', () => {
  const named = Object.values(BOUNDS).filter((bound) => /^[\w-]+:[\w-]+$/.test(bound));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((bound) => !(bound in LIMITS))).toEqual([]);
});
