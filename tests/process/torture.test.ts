import { expect, test } from 'vitest';
import { isKept, torture } from '../../bench/torture.ts';
import { useBenchProgram } from './support/stage.ts';

useBenchProgram();

/** The short form; `npm run torture` is the long one. */
test('a bot that is killed at random instants, in pairing, first upload and checkpoints, loses and doubles no message, and every answer can be read', {
  timeout: 180_000,
}, async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 100_000);
  const result = await torture({
    kind: 'perennial',
    // The least with two kills in a stop and one in an idle checkpoint.
    kills: 6,
    seed,
    everyMs: 60,
    addressing: 'mixed',
    pairings: 1,
  });
  const what = `SEED=${seed}: ${JSON.stringify(result)}`;
  expect(isKept(result), what).toBe(true);
  expect(result.sent, what).toBeGreaterThan(20);
  expect(result.pairingKills, what).toBe(1);
  expect(result.uploadKills, what).toBe(1);
  expect(result.idleCheckpointKills + result.stopCheckpointKills, what).toBeGreaterThan(0);
});
