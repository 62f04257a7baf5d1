import { expect, test } from 'vitest';
import { explain } from '../../../src/app/explain-message.ts';
import type { InboxRow } from '../../../src/whatsapp/receive/inbox-rows.ts';
import { type OutcomeRow, outcomeKey } from '../../../src/whatsapp/receive/outcome-table.ts';

const NOW_MS = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const ANNA = '|15550200001|ABC';
const BEN = '|15550200002|ABC';
const seen: OutcomeRow = {
  atMs: NOW_MS - 1_000,
  chatKind: 'direct',
  sender: '+15550•••001',
  outcome: 'ran',
  detail: 'ping',
  waitedMs: 0,
  handlerMs: 1,
  tookMs: 2,
};
const row: InboxRow = { atMs: NOW_MS - 2_000, hashes: ['hash'] };

/** What is said of the id ABC: the outcomes, oldest first. */
function outcomesOf(
  inbox: Readonly<Record<string, InboxRow>>,
  outcomes: Readonly<Record<string, Partial<OutcomeRow>>>,
): string[] {
  const noted = Object.entries(outcomes).map(
    ([key, one]) => [outcomeKey('ABC', key), { ...seen, ...one }] as const,
  );
  const tables = { inbox: new Map(Object.entries(inbox)), outcomes: new Map(noted), sent: new Map() };
  return explain('ABC', tables, NOW_MS).messages.map(({ outcome }) => outcome);
}

const attrs = { id: 'ABC' };

test.each<[string, string[], Parameters<typeof outcomesOf>]>([
  ['a finished message', ['ran'], [{ [ANNA]: row }, { [ANNA]: {} }]],
  ['a message that has no row any more', ['ran'], [{}, { [ANNA]: {} }]],
  ['a note that is too old', [], [{}, { [ANNA]: { atMs: NOW_MS - 8 * DAY_MS } }]],
  ['a note from a clock that was wrong', [], [{}, { [ANNA]: { atMs: NOW_MS + 8 * DAY_MS } }]],
  ['a message that was finished without a note', ['finished'], [{ [ANNA]: row }, {}]],
  ['a message that waits', ['waiting'], [{ [ANNA]: { ...row, attrs, parts: [], isWaiting: true } }, {}]],
  [
    'a message that is set aside and whose sender is not told yet',
    ['set-aside'],
    [{ [ANNA]: { ...row, attrs, parts: [], isWaiting: true, isSetAside: true } }, {}],
  ],
  [
    'a message of which a part is missing',
    ['in-parts'],
    [{ [ANNA]: { ...row, attrs, parts: ['AQ=='] } }, {}],
  ],
  ['a message that only the phone has', ['on-the-phone'], [{ [ANNA]: { ...row, attrs } }, {}]],
  [
    'a message that could be decrypted at the second try and waits',
    ['waiting'],
    [
      { [ANNA]: { ...row, attrs, parts: [], isWaiting: true } },
      { [ANNA]: { outcome: 'undecryptable', detail: undefined } },
    ],
  ],
  [
    'a message that could be decrypted once the number of its sender was known',
    ['ran'],
    [{ [ANNA]: row }, { '|lid:2|ABC': { outcome: 'undecryptable' }, [ANNA]: {} }],
  ],
  [
    'two people who chose the same id',
    ['no-command', 'ran'],
    [
      { [ANNA]: row, [BEN]: row },
      { [BEN]: {}, [ANNA]: { atMs: NOW_MS - 5_000, outcome: 'no-command' } },
    ],
  ],
  ['another message', [], [{ '|15550200001|XABC': row }, {}]],
  ['a note that is too old', [], [{}, { [ANNA]: { atMs: NOW_MS - 8 * DAY_MS } }]],
])('the explanation of %s has the outcomes %j', (_, expected, given) => {
  expect(outcomesOf(...given)).toEqual(expected);
});

test('the explanation says that nothing is known if there is no session', () => {
  expect(explain('ABC', undefined, NOW_MS)).toEqual({ messages: [], isSent: false });
});
