import type { Flood } from './flood.ts';

const MIB = 1024 * 1024;
const SLOWEST_MS = 5_000;
const WRITTEN_PER_RECEIVED = 3;
const TABLE_BYTES = 64 * MIB;

export interface FloodResult {
  readonly receivedBytes: number;
  /** What the bot wrote to files. Its log is not counted. */
  readonly writtenBytes: number;
  readonly residentPeakBytes: number;
  readonly largestTableBytes: number;
  readonly questions: number;
  readonly unanswered: number;
  readonly slowestMs: number;
  /** How often the bot was killed because of its memory, and how often it ended at all. */
  readonly memoryKills: number;
  readonly exits: number;
  /** Since the bot was paired. */
  readonly logins: number;
  /** What was missed, as sentences. Empty if the bot kept every figure. */
  readonly missed: readonly string[];
  /** The last lines of the bot's log. */
  readonly lines: readonly string[];
}

export function missedBy(result: Omit<FloodResult, 'missed'>, flood: Pick<Flood, 'isHeavy'>): string[] {
  const { receivedBytes, writtenBytes } = result;
  const rules: ReadonlyArray<readonly [isMissed: boolean, sentence: string]> = [
    [result.memoryKills > 0, `It was killed ${result.memoryKills} times because of its memory.`],
    [result.exits > result.memoryKills, `It ended by itself ${result.exits - result.memoryKills} times.`],
    [result.unanswered > 0, `${result.unanswered} questions of the ordinary person got no answer.`],
    [result.slowestMs > SLOWEST_MS, `The slowest answer took ${result.slowestMs} ms.`],
    [
      flood.isHeavy && writtenBytes > WRITTEN_PER_RECEIVED * receivedBytes,
      `It wrote ${writtenBytes} bytes for ${receivedBytes} bytes received.`,
    ],
    [result.largestTableBytes > TABLE_BYTES, `A table had ${result.largestTableBytes} bytes.`],
  ];
  return rules.filter(([isMissed]) => isMissed).map(([, sentence]) => sentence);
}
