import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { tortureConversations } from '../../bench/torture-conversations.ts';
import { buildProgram, type Program } from './support/program.ts';

let program: Program;

beforeAll(() => {
  program = buildProgram();
  vi.stubEnv('BENCH_MAIN', join(program.folder, 'dist/main.js'));
  for (const method of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, method).mockReturnValue(undefined);
});

afterAll(() => {
  vi.unstubAllEnvs();
  program.remove();
});

test('conversations end as they would without a kill: each question once, each answer in its place', {
  timeout: 180_000,
}, async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 100_000);
  const { faults, conversations } = await tortureConversations({ kills: 8, seed });
  expect(faults, `SEED=${seed}`).toEqual([]);
  expect(conversations).toBeGreaterThan(3);
});
