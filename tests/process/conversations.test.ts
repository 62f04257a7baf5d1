import { expect, test } from 'vitest';
import { tortureConversations } from '../../bench/torture-conversations.ts';
import { useBenchProgram } from './support/stage.ts';

useBenchProgram();

test('with kills, conversations end as they would without one: each question is asked once, and each answer is at its place', {
  timeout: 180_000,
}, async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 100_000);
  const { faults, conversations } = await tortureConversations({ kills: 5, seed });
  expect(faults, `SEED=${seed}`).toEqual([]);
  expect(conversations).toBeGreaterThan(3);
});
