import type { BinaryNode } from '@whiskeysockets/baileys';
import { expect, test } from 'vitest';
import { LIMITS } from '../../../../src/core/limits/limits.ts';
import type { NumberAnswer } from '../../../../src/core/typed-number.ts';
import type { Session } from '../../../../src/session/session-store.ts';
import { type NumberSocket, TypedNumbers } from '../../../../src/whatsapp/numbers/typed-numbers.ts';

const TYPED = '5531988887777';
const REAL = '553188887777';

/** A session with this table alone, a WhatsApp that answers as `answer` says, and a clock. */
function world(
  answer: (asked: number) => BinaryNode | undefined | Promise<BinaryNode>,
  listed: string[] = [],
) {
  const rows = new Map<string, NumberAnswer>();
  const clock = { nowMs: 1_800_000_000_000, asked: 0, now: () => clock.nowMs };
  const session = {
    creds: { me: { id: '15559990000:3@s.whatsapp.net' } },
    get: () => ({}),
    rows: () => rows,
    set: ({ numbers }: { numbers: Record<string, NumberAnswer | null> }) => {
      for (const [id, row] of Object.entries(numbers)) row === null ? rows.delete(id) : rows.set(id, row);
    },
  } as unknown as Session;
  const socket = {
    generateMessageTag: () => 'tag',
    query: async () => {
      clock.asked += 1;
      return answer(clock.asked);
    },
    signalRepository: { lidMapping: { storeLIDPNMappings: async () => {} } },
    ws: { isOpen: true },
  } as unknown as NumberSocket;
  const numbers = new TypedNumbers(session, { warn: () => {} }, clock, listed);
  return { numbers, rows, clock, socket };
}

const found = (number: string): BinaryNode => {
  const contact = { tag: 'contact', attrs: { type: 'in' } };
  const user = { tag: 'user', attrs: { jid: `${number}@s.whatsapp.net` }, content: [contact] };
  const list = { tag: 'list', attrs: {}, content: [user] };
  return { tag: 'iq', attrs: {}, content: [{ tag: 'usync', attrs: {}, content: [list] }] };
};

test('a typed number is looked up once for sends at the same time, and not again', async () => {
  const { numbers, clock, socket } = world(() => found(REAL));
  const chats = await Promise.all([1, 2, 3].map(() => numbers.lookUpChat(`${TYPED}@s.whatsapp.net`, socket)));
  expect(chats).toEqual(Array.from({ length: 3 }, () => `${REAL}@s.whatsapp.net`));
  await numbers.lookUpChat(`${TYPED}@s.whatsapp.net`, socket);
  expect(clock.asked).toBe(1);
});

test.each(['15559990000@s.whatsapp.net', '7001@lid', '120363000000000001@g.us', 'status@broadcast'])(
  'the address %s is not looked up',
  async (chat) => {
    const { numbers, clock, socket } = world(() => found(REAL));
    expect(await numbers.lookUpChat(chat, socket)).toBe(chat);
    expect(clock.asked).toBe(0);
  },
);

test('after a look-up without an answer the number is used as it is typed, and is looked up again after a pause that grows', async () => {
  const { numbers, clock, socket } = world((asked) => (asked < 3 ? undefined : found(REAL)));
  expect(await numbers.ask(TYPED, socket)).toBeUndefined();
  expect([numbers.numberOf(TYPED), numbers.mayAsk(TYPED)]).toEqual([TYPED, false]);
  clock.nowMs += 60_000;
  expect(numbers.mayAsk(TYPED)).toBe(true);
  await numbers.ask(TYPED, socket);
  clock.nowMs += 60_000;
  expect(numbers.mayAsk(TYPED)).toBe(false);
  clock.nowMs += 60_000;
  expect(await numbers.ask(TYPED, socket)).toMatchObject({ number: REAL });
  expect([numbers.numberOf(TYPED), numbers.mayAsk(TYPED)]).toEqual([REAL, false]);
});

test('an answer that comes after the connection has closed is no reason for a pause', async () => {
  const { numbers, socket } = world(() => Promise.reject(new Error('closed')));
  (socket.ws as { isOpen: boolean }).isOpen = false;
  expect(await numbers.ask(TYPED, socket)).toBeUndefined();
  expect(numbers.mayAsk(TYPED)).toBe(true);
});

test('a number that another account has by now counts for that one after a week', async () => {
  const { numbers, clock, socket } = world((asked) => found(asked === 1 ? REAL : TYPED));
  await numbers.ask(TYPED, socket);
  expect(numbers.numberOf(TYPED)).toBe(REAL);
  clock.nowMs += 7 * 86_400_000;
  expect(numbers.mayAsk(TYPED)).toBe(true);
  await numbers.ask(TYPED, socket);
  expect(numbers.numberOf(TYPED)).toBe(TYPED);
});

test('at the limit the oldest answers are removed, but none for a number in the settings', async () => {
  const { numbers, rows, clock, socket } = world(() => found(REAL), ['1']);
  const { count, timeMs } = LIMITS['table:numbers'];
  for (let n = 1; n <= count + 5; n++)
    rows.set(String(n), { atMs: clock.nowMs - timeMs / 2 + n, number: REAL });
  await numbers.ask(TYPED, socket);
  expect(rows.size).toBe(count);
  expect(['1', '2', '7', '8', TYPED].map((number) => rows.has(number))).toEqual([
    true,
    false,
    false,
    true,
    true,
  ]);
  clock.nowMs += timeMs;
  await numbers.prune();
  expect(rows.size).toBe(0);
});
