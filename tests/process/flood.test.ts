import { expect, test } from 'vitest';
import { missedBy } from '../../bench/flood/flood-result.ts';
import { FloodedBot } from '../../bench/flood/flooded-bot.ts';
import { FLOODS } from '../../bench/flood/floods.ts';
import { useBenchProgram } from './support/stage.ts';

useBenchProgram();

const SHORT = { seconds: 1, questions: 3, questionEveryMs: 400, heavyBytes: 3 * 1024 ** 2 };

/** The short form; `npm run flood` is the long one. Two bots run at a time, because each waits for half of it. */
test.concurrent.each([
  [['location', 'groups', 'unreadable', 'long-ids', 'http', 'silent-app-state']],
  [['ping-one', 'pictures', 'pictures-decoded', 'http-slow', 'empty-app-state', 'closing-sends']],
])(
  'a bot gets the floods %j in turn: none kills it or keeps an ordinary person waiting',
  {
    timeout: 120_000,
  },
  async (names) => {
    const bot = new FloodedBot();
    try {
      await bot.start();
      for (const name of names) {
        const flood = FLOODS[name];
        if (!flood) throw new Error(`there is no flood ${name}`);
        const result = await bot.flood(flood, SHORT);
        expect(result.missed, `${name}: ${JSON.stringify(result)}`).toEqual([]);
        expect(result.questions).toBeGreaterThan(2);
      }
    } finally {
      await bot.stop();
    }
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
