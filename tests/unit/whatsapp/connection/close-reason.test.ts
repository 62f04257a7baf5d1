import { Boom } from '@hapi/boom';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/core/errors.ts';
import {
  type CloseReason,
  classifyClose,
  isConnectionLoss,
} from '../../../../src/whatsapp/connection/close-reason.ts';

/** As the library's own copy of Boom makes it: no instance of ours. */
function foreignBoom(message: string, statusCode: number | undefined, data?: unknown): Error {
  return Object.assign(new Error(message), { isBoom: true, output: { statusCode }, data });
}

function isPrintable(value: unknown): boolean {
  try {
    return String(value).length >= 0;
  } catch {
    return false;
  }
}

const conflict = (type: string) => ({ tag: 'conflict', attrs: { type } });

const ROWS: ReadonlyArray<readonly [name: string, error: unknown, reason: CloseReason]> = [
  [
    'a stream error 401 with device_removed is a logout',
    foreignBoom('Stream Errored (conflict)', 401, conflict('device_removed')),
    { kind: 'logged-out', detail: 'Stream Errored (conflict)' },
  ],
  [
    'our own logout() is a logout',
    foreignBoom('Intentional Logout', 401),
    { kind: 'logged-out', detail: 'Intentional Logout' },
  ],
  [
    'a message that says "Logged Out" is a logout',
    foreignBoom('Connection Failure: Logged Out', 401),
    { kind: 'logged-out', detail: 'Connection Failure: Logged Out' },
  ],
  [
    'a message that says "logged out" in any case, with any status, is a logout',
    new Error('you were LOGGED OUT by the phone'),
    { kind: 'logged-out', detail: 'you were LOGGED OUT by the phone' },
  ],
  [
    'a bare 401 at login may be temporary',
    foreignBoom('Connection Failure', 401, { reason: '401', location: 'cln' }),
    { kind: 'auth-failed', statusCode: 401 },
  ],
  [
    'a stream error 401 without a conflict may be temporary',
    foreignBoom('Stream Errored (unknown)', 401, { tag: 'stream:error', attrs: { code: '401' } }),
    { kind: 'auth-failed', statusCode: 401 },
  ],
  [
    'a conflict 401 of any other type may be temporary',
    foreignBoom('Stream Errored (conflict)', 401, conflict('something_new')),
    { kind: 'auth-failed', statusCode: 401 },
  ],
  [
    'a 403 may be temporary',
    foreignBoom('Connection Failure', 403, { reason: '403' }),
    { kind: 'auth-failed', statusCode: 403 },
  ],
  [
    'device_removed without a code is a logout, too',
    foreignBoom('Stream Errored (conflict)', 440, conflict('device_removed')),
    { kind: 'logged-out', detail: 'Stream Errored (conflict)' },
  ],
  [
    'a conflict of an unknown type without a code may be temporary',
    foreignBoom('Stream Errored (conflict)', 440, conflict('something_new')),
    { kind: 'auth-failed', statusCode: 401 },
  ],
  [
    'a conflict without a type may be temporary',
    foreignBoom('Stream Errored (conflict)', 440, { tag: 'conflict', attrs: {} }),
    { kind: 'auth-failed', statusCode: 401 },
  ],
  [
    'a stream error 516 may be temporary',
    foreignBoom('Stream Errored (unknown)', 516, { tag: 'stream:error', attrs: { code: '516' } }),
    { kind: 'auth-failed', statusCode: 516 },
  ],
  [
    'a conflict "replaced" with a 401 is another client',
    foreignBoom('Stream Errored (conflict)', 401, conflict('replaced')),
    { kind: 'replaced' },
  ],
  [
    'a login that is refused with an unknown code is a refused login',
    foreignBoom('Connection Failure', 463, { reason: '463' }),
    { kind: 'network', statusCode: 463, message: 'WhatsApp refused the login (463)' },
  ],
  ...([406, 409, 415, 418] as const).map(
    (code) =>
      [
        `a login that is refused with ${code} is a matter of the account`,
        foreignBoom('Connection Failure', code, { reason: String(code) }),
        { kind: 'account-refused', statusCode: code },
      ] as const,
  ),
  [
    'a stream error 409 is no refused login',
    foreignBoom('Stream Errored (unknown)', 409, { tag: 'stream:error', attrs: { code: '409' } }),
    { kind: 'network', statusCode: 409, message: 'Stream Errored (unknown)' },
  ],
  [
    '515 asks for a restart',
    foreignBoom('Stream Errored (restart required)', 515),
    { kind: 'restart-required' },
  ],
  [
    '440 is another client',
    foreignBoom('Stream Errored (conflict)', 440, conflict('replaced')),
    { kind: 'replaced' },
  ],
  [
    '405 is an old version',
    foreignBoom('Connection Failure', 405, { reason: '405' }),
    { kind: 'version-refused' },
  ],
  [
    '402 is a ban, with its length in seconds',
    foreignBoom('Connection Failure', 402, { reason: '402', expire: '86400' }),
    { kind: 'banned', forMs: 86_400_000 },
  ],
  [
    'a ban without a length lasts an hour',
    foreignBoom('Connection Failure', 402, { reason: '402' }),
    { kind: 'banned', forMs: 3_600_000 },
  ],
  [
    'a ban with a length that makes no sense lasts an hour',
    foreignBoom('Connection Failure', 402, { expire: 'tomorrow' }),
    { kind: 'banned', forMs: 3_600_000 },
  ],
  [
    'a ban that is over lasts an hour',
    foreignBoom('Connection Failure', 402, { expire: '-5' }),
    { kind: 'banned', forMs: 3_600_000 },
  ],
  [
    '408 at the end of the QR codes means that nobody scanned one',
    foreignBoom('QR refs attempts ended', 408),
    { kind: 'qr-ended' },
  ],
  [
    'any other 408 is the network',
    foreignBoom('Connection was lost', 408),
    { kind: 'network', statusCode: 408, message: 'Connection was lost' },
  ],
  [
    'DNS and refused connections are the network',
    foreignBoom('WebSocket Error (getaddrinfo ENOTFOUND web.whatsapp.com)', 408),
    {
      kind: 'network',
      statusCode: 408,
      message: 'WebSocket Error (getaddrinfo ENOTFOUND web.whatsapp.com)',
    },
  ],
  [
    'a host whose addresses all failed is the network, with the error of each address',
    foreignBoom(
      'WebSocket Error ()',
      408,
      new AggregateError([
        new Error('connect ETIMEDOUT ::1:443'),
        new Error('connect ECONNREFUSED 127.0.0.1:443'),
      ]),
    ),
    {
      kind: 'network',
      statusCode: 408,
      message: 'WebSocket Error (connect ETIMEDOUT ::1:443; connect ECONNREFUSED 127.0.0.1:443)',
    },
  ],
  [
    'a 401 of a proxy is the network',
    foreignBoom('WebSocket Error (Unexpected server response: 401)', 401),
    { kind: 'network', statusCode: 401, message: 'WebSocket Error (Unexpected server response: 401)' },
  ],
  [
    'a 403 of a proxy is the network',
    foreignBoom('WebSocket Error (Unexpected server response: 403)', 403),
    { kind: 'network', statusCode: 403, message: 'WebSocket Error (Unexpected server response: 403)' },
  ],
  ...[400, 411, 428, 463, 479, 500, 503, 999].map(
    (statusCode) =>
      [
        `${statusCode} is the network or the service`,
        foreignBoom('Stream Errored (ack)', statusCode),
        { kind: 'network', statusCode, message: 'Stream Errored (ack)' },
      ] as const,
  ),
  [
    'a bad server hello is a plain error',
    new Error('invalid wire type'),
    { kind: 'network', statusCode: undefined, message: 'invalid wire type' },
  ],
  [
    'end() without an error is the network',
    undefined,
    { kind: 'network', statusCode: undefined, message: 'closed without an error' },
  ],
  [
    'a status that is no number is none',
    foreignBoom('odd', '401' as unknown as number),
    { kind: 'network', statusCode: undefined, message: 'odd' },
  ],
  [
    'a Boom of our own copy reads the same',
    new Boom('Connection Failure', { statusCode: 401, data: { reason: '401' } }),
    { kind: 'auth-failed', statusCode: 401 },
  ],
  [
    'a write that failed is our own reason',
    new AppError('STORAGE_FAILED', 'Could not write creds.json (ENOSPC).'),
    { kind: 'storage-failed', message: 'Could not write creds.json (ENOSPC).' },
  ],
];

describe('classifyClose', () => {
  it.each(ROWS)('classifyClose: %s', (_, error, reason) => {
    expect(classifyClose(error)).toEqual(reason);
  });

  it('classifyClose takes any thrown value', () => {
    fc.assert(
      fc.property(fc.anything().filter(isPrintable), (thrown) => {
        expect(classifyClose(thrown).kind).toBeTypeOf('string');
      }),
    );
  });

  it('classifyClose never ends a session for an unknown status and unknown data', () => {
    const data = fc.oneof(fc.constant(undefined), fc.constant(conflict('replaced')), fc.object());
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 999 }), data, (statusCode, data) => {
        expect(classifyClose(foreignBoom('Connection Failure', statusCode, data)).kind).not.toBe(
          'logged-out',
        );
      }),
    );
  });

  it('classifyClose limits the length of a ban to a valid time', () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.integer(), fc.string()), (expire) => {
        const reason = classifyClose(foreignBoom('Connection Failure', 402, { expire: String(expire) }));
        if (reason.kind !== 'banned') throw new Error(`it is ${reason.kind}`);
        expect(reason.forMs).toBeGreaterThan(0);
        expect(new Date(Date.now() + reason.forMs).toISOString()).toBeTypeOf('string');
      }),
    );
  });
});

describe('isConnectionLoss', () => {
  it.each<[string, unknown, boolean]>([
    ['a send on a closed socket', foreignBoom('Connection Closed', 428), true],
    ['a query without an answer', foreignBoom('Timed Out', 408), true],
    ['a line that was cut', Object.assign(new Error('write ECONNRESET'), { code: 'ECONNRESET' }), true],
    ['a socket that is closing', new Error('WebSocket is not open: readyState 2 (CLOSING)'), true],
    ['an answer that says no', foreignBoom('not-acceptable', 406), false],
    ['a bug', new TypeError('x is not a function'), false],
    ['a full disk', Object.assign(new Error('no space'), { code: 'ENOSPC' }), false],
    ['no error', undefined, false],
  ])('whether %s says only that a connection is gone: $2', (_, error, isLoss) => {
    expect(isConnectionLoss(error)).toBe(isLoss);
  });
});
