import { expect, test } from 'vitest';
import { tortureConversations } from '../../bench/torture-conversations.ts';
import { useBenchProgram } from './support/stage.ts';

useBenchProgram();

test('conversations end as they would without a kill: each question once, each answer in its place', {
  timeout: 180_000,
}, async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 100_000);
  const { faults, conversations } = await tortureConversations({ kills: 8, seed });
  expect(faults, `SEED=${seed}`).toEqual([]);
  expect(conversations).toBeGreaterThan(3);
});
