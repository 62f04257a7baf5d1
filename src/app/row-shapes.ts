import { isConversationRow } from '../bot/replay/conversation-row.ts';
import { MESSAGE_OUTCOMES } from '../core/messages/message-records.ts';
import type { TableName } from '../session/values/table-names.ts';

/** As strings, because a file may hold any word. */
const OUTCOMES: ReadonlySet<unknown> = new Set(MESSAGE_OUTCOMES);

type Check = (value: unknown) => boolean;

/** A date that JavaScript can show, in milliseconds. */
const isTime: Check = (value) => typeof value === 'number' && Math.abs(value) <= 8.64e15;
const isCount: Check = (value) => Number.isSafeInteger(value);
const isNumber: Check = (value) => typeof value === 'number';
const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const isAny: Check = () => true;
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const tupleOf =
  (...checks: readonly Check[]): Check =>
  (value) =>
    Array.isArray(value) && value.length === checks.length && checks.every((check, n) => check(value[n]));
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const recordOf =
  (check: Check): Check =>
  (value) =>
    isObject(value) && Object.values(value).every(check);
const objectOf =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isObject(value) && Object.entries(checks).every(([name, check]) => check(value[name]));
const isJson: Check = (value) => {
  try {
    return isText(value) && isObject(JSON.parse(String(value)));
  } catch {
    return false;
  }
};

const crashHistory = {
  crashes: optional(isCount),
  isStarted: optional(isFlag),
  hasSent: optional(isFlag),
  isIdle: optional(isFlag),
  isShared: optional(isFlag),
  waits: optional(isCount),
};

/** What a row of each table must look like. Further fields are allowed: a newer version may have written them. */
const ROW_SHAPES: Readonly<Record<TableName, Check>> = {
  inbox: objectOf({
    ...crashHistory,
    atMs: isTime,
    hashes: listOf(isText),
    attrs: optional(recordOf(isText)),
    parts: optional(listOf(isText)),
    notice: optional(isJson),
    isWaiting: optional(isFlag),
    secret: optional(isText),
    isSetAside: optional(isFlag),
  }),
  sent: objectOf({ atMs: isTime, message: isText, closes: optional(isCount) }),
  client: (value) => isTime(value) || listOf(isCount)(value) || isText(value) || isObject(value),
  devices: objectOf({ atMs: isTime }),
  'chat-state': listOf(tupleOf(isText, isAny, isTime)),
  edits: objectOf({ atMs: isTime, edit: isText }),
  reminders: objectOf({
    ...crashHistory,
    chat: isText,
    text: isText,
    dueAtMs: isTime,
    person: isText,
    mentions: listOf(isText),
    expirationSeconds: optional(isCount),
    failures: optional(objectOf({ count: isCount, sinceMs: isTime })),
  }),
  runs: isConversationRow,
  polls: objectOf({
    atMs: isTime,
    options: listOf(isText),
    votes: listOf(tupleOf(isText, listOf(isCount))),
  }),
  schedules: objectOf({
    doneUntilMs: isTime,
    inWork: optional(objectOf({ ...crashHistory, dueAtMs: isTime })),
  }),
  'http-keys': objectOf({ fingerprint: isText, atMs: isTime }),
  numbers: objectOf({ atMs: isTime, number: (value) => value === null || isText(value) }),
  outcomes: objectOf({
    atMs: isTime,
    chatKind: isText,
    sender: isText,
    outcome: (value) => OUTCOMES.has(value),
    detail: optional(isText),
    waitedMs: optional(isNumber),
    handlerMs: optional(isNumber),
    tookMs: isNumber,
  }),
};

/** The `client` table has one kind of value for each of its rows. */
const CLIENT_ROWS: Readonly<Record<string, Check>> = {
  'wa-version': tupleOf(isCount, isCount, isCount),
  'phone-seen': isTime,
};

/**
 * Whether a row that was read from a file can be used. A damaged or foreign file may hold a row of any shape, and one
 * that does not fit must not stop the bot at every start.
 */
export function hasRowShape(table: TableName, id: string, value: unknown): boolean {
  const check = table === 'client' && Object.hasOwn(CLIENT_ROWS, id) ? CLIENT_ROWS[id] : ROW_SHAPES[table];
  return check?.(value) === true;
}
