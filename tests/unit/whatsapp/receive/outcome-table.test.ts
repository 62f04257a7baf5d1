import { expect, test } from 'vitest';
import { OutcomeTable } from '../../../../src/whatsapp/receive/outcome-table.ts';
import { openQuietly, sessionPath } from '../../session/helpers.ts';

const NOW_MS = 1_800_000_000_000;
const DAY_MS = 86_400_000;

test('pruning forgets notes that are too old, and those that a wrong clock dated', async () => {
  const session = await openQuietly(sessionPath());
  const row = { chatKind: 'direct', sender: '+15550•••001', outcome: 'ran', tookMs: 1 };
  const ages = { now: 0, old: 8 * DAY_MS, future: -8 * DAY_MS, soon: -60_000 };
  const rows = Object.entries(ages).map(([id, age]) => [id, { ...row, atMs: NOW_MS - age }]);
  await session.set({ outcomes: Object.fromEntries(rows) });
  new OutcomeTable(session, { now: () => NOW_MS }).prune();
  expect([...session.rows('outcomes').keys()]).toEqual(['now', 'soon']);
});
