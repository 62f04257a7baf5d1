import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CloseReason } from '../../../../src/whatsapp/connection/close-reason.ts';
import {
  type CloseHistory,
  decideReconnect,
  type Ending,
  NO_CLOSES,
  recordClose,
  recordOpened,
  recordStable,
  waitFor,
} from '../../../../src/whatsapp/connection/reconnect-policy.ts';

const POLICY = { delayMs: 5_000, maxDelayMs: 300_000 };
const NOW = 1_700_000_000_000;
const MINUTE = 60_000;
const half = (): number => 0.5;

const NETWORK: CloseReason = { kind: 'network', statusCode: 428, message: 'Connection Terminated' };
const AUTH: CloseReason = { kind: 'auth-failed', statusCode: 401 };
const closedBySend = (hasWorked: boolean): CloseReason => ({
  kind: 'closed-by-send',
  statusCode: 500,
  message: 'Stream Errored (500)',
  hasWorked,
});
const REPLACED: CloseReason = { kind: 'replaced' };

/** Every member of the union, and what follows the first time. The type says when one is missing. */
const FIRST: { [K in CloseReason['kind']]: readonly [Extract<CloseReason, { kind: K }>, number | Ending] } = {
  'logged-out': [{ kind: 'logged-out', detail: 'Intentional Logout' }, 'logged-out'],
  'auth-failed': [{ kind: 'auth-failed', statusCode: 403 }, 5_000],
  'restart-required': [{ kind: 'restart-required' }, 0],
  replaced: [{ kind: 'replaced' }, 60_000],
  'version-refused': [{ kind: 'version-refused' }, 5_000],
  'account-refused': [{ kind: 'account-refused', statusCode: 406 }, 3_600_000],
  banned: [{ kind: 'banned', forMs: 7_200_000 }, 7_200_000],
  'qr-ended': [{ kind: 'qr-ended' }, 5_000],
  'storage-failed': [{ kind: 'storage-failed', message: 'full' }, 5_000],
  'closed-by-send': [
    { kind: 'closed-by-send', statusCode: 500, message: 'Stream Errored (500)', hasWorked: false },
    500,
  ],
  network: [{ kind: 'network', statusCode: undefined, message: 'gone' }, 5_000],
};

const reasons: fc.Arbitrary<CloseReason> = fc.constantFrom(...Object.values(FIRST).map(([reason]) => reason));

const histories: fc.Arbitrary<CloseHistory> = fc.record({
  failures: fc.nat(),
  authFailures: fc.nat(),
  restarts: fc.nat(),
  sendCloses: fc.nat(),
  refusedSinceMs: fc.option(fc.integer({ min: NOW - 7_200_000, max: NOW }), { nil: undefined }),
  unscannedSinceMs: fc.option(fc.integer({ min: NOW - 7_200_000, max: NOW }), { nil: undefined }),
  replacedAtMs: fc.option(fc.integer({ min: NOW - 3_600_000, max: NOW }), { nil: undefined }),
});

function historyOf(...closes: ReadonlyArray<readonly [CloseReason, number]>): CloseHistory {
  return closes.reduce<CloseHistory>(
    (history, [reason, atMs]) => recordClose(reason, history, atMs),
    NO_CLOSES,
  );
}

describe('the first close of its kind', () => {
  it.each(Object.values(FIRST))('after the first close %o decideReconnect decides: %s', (reason, follows) => {
    expect(decideReconnect(reason, NO_CLOSES, POLICY, NOW, half)).toEqual(
      typeof follows === 'string'
        ? { action: 'stop', as: follows }
        : { action: 'reconnect', delayMs: follows },
    );
  });
});

describe('only a logout and a second takeover are the end', () => {
  it('only a logout and a second takeover stop the client, however often another close came before', () => {
    fc.assert(
      fc.property(
        reasons,
        histories,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (reason, before, chance) => {
          fc.pre(reason.kind !== 'logged-out' && reason.kind !== 'replaced');
          expect(decideReconnect(reason, before, POLICY, NOW, () => chance).action).toBe('reconnect');
        },
      ),
    );
  });

  it('a logout always stops', () => {
    fc.assert(
      fc.property(histories, (before) => {
        expect(decideReconnect(FIRST['logged-out'][0], before, POLICY, NOW, half)).toEqual({
          action: 'stop',
          as: 'logged-out',
        });
      }),
    );
  });
});

describe('a session that another client took over', () => {
  it.each([
    ['a second after the first', 1_000, 'stop'],
    ['just within ten minutes of the first', 10 * MINUTE - 1, 'stop'],
    ['ten minutes later', 10 * MINUTE, 'reconnect'],
    ['hours later', 300 * MINUTE, 'reconnect'],
  ])('a second takeover, %s, leads to $2', (_, laterMs, action) => {
    const before = historyOf([REPLACED, NOW]);
    expect(decideReconnect(REPLACED, before, POLICY, NOW + laterMs, half).action).toBe(action);
  });

  it('a second takeover stops the client also if other closes came between', () => {
    const before = historyOf([REPLACED, NOW], [NETWORK, NOW + MINUTE], [AUTH, NOW + 2 * MINUTE]);
    expect(decideReconnect(REPLACED, before, POLICY, NOW + 3 * MINUTE, half)).toEqual({
      action: 'stop',
      as: 'replaced',
    });
  });

  it('a second takeover stops the client also if the connection was stable in between', () => {
    const before = recordStable(historyOf([REPLACED, NOW]));
    expect(decideReconnect(REPLACED, before, POLICY, NOW + 3 * MINUTE, half)).toEqual({
      action: 'stop',
      as: 'replaced',
    });
  });

  it('the time between two takeovers counts from the last one', () => {
    const before = historyOf([REPLACED, NOW], [REPLACED, NOW + 11 * MINUTE]);
    expect(decideReconnect(REPLACED, before, POLICY, NOW + 12 * MINUTE, half)).toEqual({
      action: 'stop',
      as: 'replaced',
    });
  });
});

it('the first three restarts in a row are made at once; further ones get the usual waits', () => {
  const RESTART: CloseReason = { kind: 'restart-required' };
  const waitAfter = (...reasons: CloseReason[]) => {
    const before = historyOf(...reasons.map((reason) => [reason, NOW] as const));
    return decideReconnect(RESTART, before, POLICY, NOW, () => 0);
  };
  const inARow = (times: number) => waitAfter(...Array<CloseReason>(times).fill(RESTART));
  expect(inARow(2)).toMatchObject({ delayMs: 0 });
  expect([3, 10, 11, 99].map(inARow)).toMatchObject(
    [5_000, 5_000, 10_000, 300_000].map((delayMs) => ({ delayMs })),
  );
  expect(waitAfter(RESTART, RESTART, RESTART, NETWORK)).toMatchObject({ delayMs: 0 });
});

describe('a message that closes the connection', () => {
  const waitAfter = (times: number, hasWorked: boolean): number => {
    const before = historyOf(...Array(times).fill([closedBySend(hasWorked), NOW]));
    const decision = decideReconnect(closedBySend(hasWorked), before, POLICY, NOW, () => 0);
    return decision.action === 'reconnect' ? decision.delayMs : Number.NaN;
  };

  it.each([
    ['six times the bot is back soon', [0, 5], true, [500, 500]],
    ['if others are served in between, the pauses do not grow', [6, 10, 99], true, [5_000, 5_000, 5_000]],
    [
      'if nothing else works either, the pauses grow',
      [6, 10, 11, 99],
      false,
      [5_000, 10_000, 20_000, 300_000],
    ],
  ])('after closes by a message, %s', (_, times, hasWorked, waits) => {
    expect(times.map((count) => waitAfter(count, hasWorked))).toEqual(waits);
  });

  it('after a stable connection the first waits after a message that closes the connection are short again', () => {
    const before = recordStable(historyOf(...Array(20).fill([closedBySend(true), NOW])));
    expect(decideReconnect(closedBySend(true), before, POLICY, NOW, half)).toMatchObject({ delayMs: 500 });
  });
});

describe('the history', () => {
  it('the history counts failures, and separately those of the login', () => {
    expect(historyOf([NETWORK, NOW], [AUTH, NOW], [AUTH, NOW])).toEqual({
      failures: 3,
      authFailures: 2,
      refusedSinceMs: NOW,
      unscannedSinceMs: undefined,
      restarts: 0,
      sendCloses: 0,
      replacedAtMs: undefined,
    });
  });

  it('the history forgets refused logins at any other close', () => {
    expect(historyOf([AUTH, NOW], [AUTH, NOW], [NETWORK, NOW]).authFailures).toBe(0);
  });

  it('after an accepted login the history forgets refused logins, and nothing else', () => {
    const before = historyOf([REPLACED, NOW], [AUTH, NOW], [AUTH, NOW]);
    expect(recordOpened(before)).toEqual({ ...before, authFailures: 0, refusedSinceMs: undefined });
  });

  it('the history counts neither a pairing that nobody finished nor a restart that WhatsApp asked for', () => {
    expect(
      historyOf([{ kind: 'qr-ended' }, NOW], [{ kind: 'restart-required' }, NOW], [NETWORK, NOW]).failures,
    ).toBe(1);
  });

  it('the history begins anew after a stable connection, and remembers the takeover', () => {
    expect(recordStable(historyOf([NETWORK, NOW], [REPLACED, NOW]))).toEqual({
      failures: 0,
      authFailures: 0,
      refusedSinceMs: undefined,
      unscannedSinceMs: undefined,
      restarts: 0,
      sendCloses: 0,
      replacedAtMs: NOW,
    });
  });
});

describe('waits', () => {
  it('the waits are the same ten times, and then double up to the longest', () => {
    const waits = Array.from({ length: 18 }, (_, index) => waitFor(index + 1, POLICY, () => 0));
    expect(waits).toEqual([
      ...Array(10).fill(5_000),
      10_000,
      20_000,
      40_000,
      80_000,
      160_000,
      300_000,
      300_000,
      300_000,
    ]);
  });

  it('the waits are shortened by a random part of up to a fifth', () => {
    expect(waitFor(12, POLICY, () => 1)).toBe(16_000);
    expect(waitFor(100, POLICY, () => 1)).toBe(240_000);
  });

  it('the waits stay within their bounds for any settings', () => {
    const settings = fc
      .tuple(fc.integer({ min: 1, max: 86_400_000 }), fc.integer({ min: 1, max: 86_400_000 }))
      .map(([a, b]) => ({ delayMs: Math.min(a, b), maxDelayMs: Math.max(a, b) }));
    const chances = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), settings, chances, (failures, policy, chance) => {
        const waitMs = waitFor(failures, policy, () => chance);
        expect(waitMs).toBeGreaterThanOrEqual(policy.delayMs);
        expect(waitMs).toBeLessThanOrEqual(policy.maxDelayMs);
        expect(Number.isSafeInteger(waitMs)).toBe(true);
      }),
    );
  });
});

describe('after an hour', () => {
  const delayAfter = (reason: CloseReason, sinceMs: number): number => {
    const before = historyOf([reason, NOW - sinceMs]);
    const decision = decideReconnect(reason, before, POLICY, NOW, half);
    return decision.action === 'reconnect' ? decision.delayMs : Number.NaN;
  };
  const QR_ENDED: CloseReason = { kind: 'qr-ended' };
  const refused = (statusCode: number): CloseReason => ({
    kind: 'network',
    statusCode,
    message: `WhatsApp refused the login (${statusCode})`,
  });

  it.each([
    ['a login that is refused with an unknown code is tried hourly', refused(411), 60 * MINUTE, 60 * MINUTE],
    ['an error of the service is tried again after the usual wait', refused(503), 60 * MINUTE, 5_000],
    ['a login that was refused for 59 minutes is tried again after the usual wait', AUTH, 59 * MINUTE, 5_000],
    ['a login that was refused for an hour is tried hourly', AUTH, 60 * MINUTE, 60 * MINUTE],
    [
      'a code that nobody scanned for 59 minutes is followed by the next one soon',
      QR_ENDED,
      59 * MINUTE,
      5_000,
    ],
    ['a code that nobody scanned for an hour is followed by slower rounds', QR_ENDED, 60 * MINUTE, 300_000],
  ] as const)('the wait before the next try: %s', (_, reason, sinceMs, delayMs) => {
    expect(delayAfter(reason, sinceMs)).toBe(delayMs);
  });

  it('an accepted login begins the hour anew', () => {
    const opened = recordOpened(historyOf([AUTH, NOW - 120 * MINUTE]));
    expect(decideReconnect(AUTH, opened, POLICY, NOW, half)).toEqual({ action: 'reconnect', delayMs: 5_000 });
  });
});
