import { expect, test } from 'vitest';
import { FLOODS } from '../../bench/flood/floods.ts';
import { missedBy, runFlood } from '../../bench/flood/run-flood.ts';
import { useBenchProgram } from './support/stage.ts';

useBenchProgram();

/** The short form; `npm run flood` is the long one. Two run at a time, because a bot waits for half of it. */
test.concurrent.each([
  'location',
  'ping-one',
  'pictures',
  'pictures-decoded',
  'groups',
  'unreadable',
  'long-ids',
  'closing-sends',
  'silent-app-state',
  'empty-app-state',
  'http',
  'http-slow',
])(
  'the flood "%s" neither kills the bot nor keeps an ordinary person waiting',
  { timeout: 60_000 },
  async (name) => {
    const flood = FLOODS[name];
    if (!flood) throw new Error(`there is no flood ${name}`);
    const result = await runFlood(flood, 4);
    expect(result.missed, JSON.stringify(result)).toEqual([]);
    expect(result.questions).toBeGreaterThan(2);
  },
);

test('the report of a flood names each figure that the bot missed', () => {
  const bad = {
    receivedBytes: 1,
    writtenBytes: 4,
    residentPeakBytes: 0,
    largestTableBytes: 100_000_000,
    questions: 3,
    unanswered: 1,
    slowestMs: 6_000,
    memoryKills: 1,
    exits: 2,
    logins: 1,
    lines: [],
  };
  expect(missedBy(bad, { isHeavy: true })).toEqual([
    'It was killed 1 times because of its memory.',
    'It ended by itself 1 times.',
    '1 questions of the ordinary person got no answer.',
    'The slowest answer took 6000 ms.',
    'It wrote 4 bytes for 1 bytes received.',
    'A table had 100000000 bytes.',
  ]);
});
