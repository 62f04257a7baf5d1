import { levels, pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { CloseReason } from '../../../../src/whatsapp/connection/close-reason.ts';
import { ConnectionLog } from '../../../../src/whatsapp/connection/connection-log.ts';
import { NO_CLOSES } from '../../../../src/whatsapp/connection/reconnect-policy.ts';

/** What the connectionLog says while `tell` runs, as `level text`. */
function saidBy(tell: (connectionLog: ConnectionLog) => void, path = './sessions'): string[] {
  const lines: string[] = [];
  const write = (line: string): void => {
    const { level, msg } = JSON.parse(line) as { level: number; msg: string };
    lines.push(`${levels.labels[level]} ${msg}`);
  };
  tell(new ConnectionLog(pino({ level: 'trace' }, { write }), path));
  return lines;
}

describe('the lines that people rely on', () => {
  it.each<[string, (connectionLog: ConnectionLog) => void, string[]]>([
    ['start', (n) => n.starting(), ['info Initializing Baileys WhatsApp client...']],
    ['connecting', (n) => n.status('connecting'), ['info Connection status: connecting']],
    [
      'open',
      (n) => n.status('open'),
      ['info Connection status: open', 'info ✅ WhatsApp connection established'],
    ],
    ['close', (n) => n.status('close'), ['info Connection status: close']],
    ['the usual wait', (n) => n.waiting(5_000), ['info Reconnecting in 5 seconds...']],
    ['a wait of less than a second', (n) => n.waiting(400), ['info Reconnecting in 0.4 seconds...']],
    ['a wait of a second and a half', (n) => n.waiting(1_500), ['info Reconnecting in 1.5 seconds...']],
    ['a long wait', (n) => n.waiting(240_000), ['info Reconnecting in 240 seconds...']],
    ['no wait', (n) => n.waiting(0), []],
    [
      '401 that is no logout',
      (n) => n.closed({ kind: 'auth-failed', statusCode: 401 }, { ...NO_CLOSES, authFailures: 1 }),
      [
        'warn ⚠️ Authentication failed (401)',
        'warn Authentication failed, but might be temporary. Trying to reconnect...',
      ],
    ],
    [
      '403',
      (n) => n.closed({ kind: 'auth-failed', statusCode: 403 }, { ...NO_CLOSES, authFailures: 4 }),
      [
        'warn ⚠️ Authentication failed (403)',
        'warn Authentication failed, but might be temporary. Trying to reconnect...',
      ],
    ],
  ])('the log has the line that people rely on: %s', (_, tell, lines) => {
    expect(saidBy(tell)).toEqual(lines);
  });

  it('the line about a logout names the real path, and how to link again', () => {
    const lines = saidBy((connectionLog) => connectionLog.loggedOut(), '/srv/bots/one');
    expect(lines[0]).toBe('error Logged out. Run: rm -rf /srv/bots/one');
    expect(lines[1]).toMatch(/^error .*scan.*Linked devices/);
  });

  it('the line about a session that is probably gone says how often it was refused, and what to run', () => {
    const lines = saidBy((connectionLog) => connectionLog.sessionProbablyGone(6), './sessions/bot1');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^error .*6 times.*probably gone.*rm -rf \.\/sessions\/bot1/);
  });

  it('the fifth failure to reach WhatsApp names a command that exists here', () => {
    const close: CloseReason = { kind: 'network', statusCode: undefined, message: 'getaddrinfo ENOTFOUND w' };
    const lines = saidBy((connectionLog) => {
      for (let failures = 1; failures <= 5; failures += 1) connectionLog.closed(close, NO_CLOSES);
    });
    expect(lines).toHaveLength(6);
    expect(lines[5]).toMatch(/^warn .* run: npm run session -- doctor$/);
  });

  it('the line about a pairing that was cut off names no command', () => {
    const lines = saidBy((connectionLog) => connectionLog.pairingCutOff());
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^warn .*cut off.*A new code follows/);
    expect(lines[0]).not.toContain('rm ');
  });
});

/** Every member of the union has something to say, at its level. */
const LEVELS: {
  [K in CloseReason['kind']]: readonly [Extract<CloseReason, { kind: K }>, string | undefined];
} = {
  'logged-out': [{ kind: 'logged-out', detail: 'x' }, undefined],
  'auth-failed': [{ kind: 'auth-failed', statusCode: 401 }, 'warn'],
  'restart-required': [{ kind: 'restart-required' }, 'info'],
  replaced: [{ kind: 'replaced' }, 'warn'],
  'version-refused': [{ kind: 'version-refused' }, 'warn'],
  'account-refused': [{ kind: 'account-refused', statusCode: 418 }, 'error'],
  banned: [{ kind: 'banned', forMs: 3_600_000 }, 'error'],
  'qr-ended': [{ kind: 'qr-ended' }, 'info'],
  'storage-failed': [{ kind: 'storage-failed', message: 'Could not write x (ENOSPC).' }, 'error'],
  'closed-by-send': [
    { kind: 'closed-by-send', statusCode: 500, message: 'Stream Errored (500)', hasWorked: false },
    'warn',
  ],
  network: [{ kind: 'network', statusCode: 503, message: 'gone' }, 'warn'],
};

describe('every close', () => {
  it.each(Object.values(LEVELS))('the close %o is logged at level %s', (reason, level) => {
    const lines = saidBy((connectionLog) => connectionLog.closed(reason, NO_CLOSES));
    expect(lines.map((line) => line.split(' ')[0])[0]).toBe(level);
  });

  it('the line about a ban says until when it lasts', () => {
    const forMs = 86_400_000;
    const [line] = saidBy((connectionLog) => connectionLog.closed({ kind: 'banned', forMs }, NO_CLOSES));
    const until = Date.parse(/until (\S+?Z)/.exec(line ?? '')?.[1] ?? '');
    expect(Math.abs(until - Date.now() - forMs)).toBeLessThan(5_000);
  });

  it('the line about a failed write has the error of the write', () => {
    const [line] = saidBy((connectionLog) => connectionLog.closed(LEVELS['storage-failed'][0], NO_CLOSES));
    expect(line).toContain('Could not write x (ENOSPC).');
  });
});
