import { pino } from 'pino';
import { beforeEach, expect, it } from 'vitest';
import { ServerClock } from '../../../../src/whatsapp/connection/server-clock.ts';

const SERVER_S = 1_700_000_000;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let nowMs: number;
let lines: string[];
let clock: ServerClock;

beforeEach(() => {
  lines = [];
  clock = new ServerClock(pino({ level: 'warn' }, { write: (json) => void lines.push(json) }), {
    now: () => nowMs,
  });
});

function login(aheadMs: number, attrs: Record<string, string> = { t: String(SERVER_S) }): void {
  nowMs = SERVER_S * 1000 + aheadMs;
  clock.saw({ tag: 'success', attrs });
}

it.each([
  ['right', 0, 0],
  ['almost right', MINUTE - 1, 0],
  ['almost right, the other way', 1 - MINUTE, 0],
  ['a day ahead', DAY, DAY],
  ['an hour behind', -60 * MINUTE, -60 * MINUTE],
])(
  'for a clock that is %s, %i ms ahead, the correction is %i ms, and the log warns if it is not 0',
  (_, aheadMs, correctionMs) => {
    login(aheadMs);
    expect(clock.localMs(SERVER_S)).toBe(SERVER_S * 1000 + correctionMs);
    expect(lines).toHaveLength(correctionMs === 0 ? 0 : 1);
  },
);

it('the log warns of a wrong clock once, and again if it is wrong in another way', () => {
  for (const aheadMs of [DAY, DAY + 1_000, 2 * DAY, 0, DAY]) login(aheadMs);
  expect(lines).toHaveLength(3);
  expect(JSON.parse(lines[0] ?? '{}').aheadMs).toBe(DAY);
});

it('the time of the server is not read from other stanzas or from nonsense', () => {
  login(0);
  for (const tag of ['message', 'ack']) clock.saw({ tag, attrs: { t: '1' } });
  for (const attrs of [{}, { t: 'x' }, { t: '-5' }, { t: '0' }] as Record<string, string>[])
    login(DAY, attrs);
  expect(clock.localMs(SERVER_S)).toBe(SERVER_S * 1000);
});
