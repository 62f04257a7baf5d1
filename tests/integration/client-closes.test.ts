import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { within } from './support/deadline.ts';
import { snapshot } from './support/folder.ts';
import { Rig, type RigOptions } from './support/rig.ts';

let rig: Rig;

afterEach(() => rig.destroy());

async function paired(options?: RigOptions): Promise<Rig> {
  rig = new Rig(options);
  await rig.pair();
  return rig;
}

/** Settings of a socket that gives a server 200 ms for each step of the connect. */
const impatient = (url: string) => ({
  ...{ url, version: undefined, agent: undefined, dispatcher: undefined },
  ...{ connectTimeoutMs: 200, keepAliveIntervalMs: 30_000 },
});

interface Row {
  readonly name: string;
  /** Makes the connection end, or the next login fail. */
  readonly cause: (rig: Rig) => void;
  /** Whether the cause needs a login, so that the line is cut first. */
  readonly isAtLogin?: boolean;
  readonly kind: string;
  readonly waitMs: number;
  /** The facts of the line that only this close says. */
  readonly says?: object;
}

/** One row a kind of close: the codes are rows of the pure table (close-reason.test.ts). */
const CONNECTION_ROWS: readonly Row[] = [
  { name: 'a dropped line', cause: ({ wa }) => wa.faults.dropConnection(), kind: 'network', waitMs: 5_000 },
  {
    name: 'a stream error 401 that is no logout',
    cause: ({ wa }) => wa.faults.streamError(401),
    kind: 'auth-failed',
    waitMs: 5_000,
  },
  {
    name: 'another client that opened the session',
    cause: ({ wa }) => wa.faults.replace(),
    kind: 'replaced',
    waitMs: 60_000,
    says: { level: 'warn', close: 'replaced' },
  },
];

const LOGIN_CAUSES: readonly Row[] = [
  {
    name: 'a ban with its length',
    cause: ({ wa }) => wa.faults.failNextLogins(402, 1, { expire: '7200' }),
    kind: 'banned',
    waitMs: 7_200_000,
    says: { level: 'error', close: 'banned', forMs: 7_200_000 },
  },
  {
    name: 'a version that is refused',
    cause: ({ wa }) => wa.faults.failNextLogins(405),
    kind: 'version-refused',
    waitMs: 5_000,
    says: { level: 'warn', close: 'version-refused' },
  },
  {
    // The library reports it in words that only a refused upgrade brings.
    name: 'an upgrade that is refused with 401',
    cause: ({ wa }: Rig) => wa.faults.refuseUpgrades(401),
    kind: 'network',
    waitMs: 5_000,
  },
];

const LOGIN_ROWS = LOGIN_CAUSES.map((row) => ({ ...row, isAtLogin: true }));

describe('after every close that is not final', () => {
  it.each([...CONNECTION_ROWS, ...LOGIN_ROWS])(
    'after $name the close is $kind and the client waits $waitMs ms',
    async (row) => {
      await paired();
      const person = rig.wa.addPerson();
      let fileBefore = await rig.atRest();
      const { logins, pairings } = rig.wa.counters;
      if (row.isAtLogin) {
        rig.wa.faults.dropConnection();
        const first = await rig.nextWait();
        row.cause(rig);
        fileBefore = snapshot(rig.folder);
        first.finish();
      } else {
        row.cause(rig);
      }
      const wait = await rig.nextWait();
      const { state } = rig.client;

      expect(rig.closes.at(-1)?.kind).toBe(row.kind);
      expect(state).toMatchObject({ kind: 'waiting', reason: { kind: row.kind } });
      expect(wait.ms).toBe(row.waitMs);
      expect(snapshot(rig.folder)).toEqual(fileBefore);
      expect(rig.lines.at(-1)).toBe(`info Reconnecting in ${row.waitMs / 1_000} seconds...`);
      expect(rig.lines).toContain('info Connection status: close');
      if (row.says) expect(rig.facts).toContainEqual(expect.objectContaining(row.says));
      if (row.kind === 'auth-failed') {
        expect(rig.lines).toContain('warn ⚠️ Authentication failed (401)');
        expect(rig.lines).toContain(
          'warn Authentication failed, but might be temporary. Trying to reconnect...',
        );
      }

      wait.finish();
      await rig.state('open');
      await rig.ping(person);
      // One more login, and no 440: there were never two sockets of ours.
      expect(rig.wa.counters.logins).toBe(logins + 1);
      expect(rig.closes.map(({ kind }) => kind).slice(-1)).toEqual([row.kind]);
      expect(rig.wa.counters.pairings).toBe(pairings);
    },
  );

  it('a restart that WhatsApp asks for comes at once', async () => {
    await paired();
    const before = await rig.atRest();
    const during: Array<Record<string, string>> = [];
    rig.client.once('closed', () => during.push(snapshot(rig.folder)));
    rig.wa.faults.streamError(515);
    await within(
      new Promise<void>((resolve) => rig.client.once('opened', () => resolve())),
      'the connection after the restart',
    );
    expect(during).toEqual([before]);
    expect(rig.waits).toEqual([]);
    await rig.ping(rig.wa.addPerson());
  });

  it('the client tries to connect to a WhatsApp that is down until it is up', async () => {
    await paired();
    await rig.atRest();
    await rig.wa.faults.down();
    const before = snapshot(rig.folder);
    for (let i = 0; i < 4; i++) expect(await rig.reconnect()).toMatchObject({ ms: 5_000 });
    const wait = await rig.nextWait();
    expect(snapshot(rig.folder)).toEqual(before);
    await rig.wa.faults.up();
    wait.finish();
    await rig.state('open');
    await rig.ping(rig.wa.addPerson());
  });

  it('the client gives up an upgrade that is not answered', async () => {
    rig = new Rig();
    rig.wa.faults.hangUpgrades(true);
    await rig.wa.start();
    await rig.prepare({ socket: impatient(rig.wa.url) });
    void rig.client.start();
    expect(await rig.nextWait()).toMatchObject({ ms: 5_000 });
    expect(rig.closes).toMatchObject([{ kind: 'network' }]);
  });

  it('the client gives up a server that never sends its hello', async () => {
    const silent = new WebSocketServer({ port: 0 });
    onTestFinished(() => void silent.close());
    await once(silent, 'listening');
    rig = new Rig();
    await rig.prepare({ socket: impatient(`ws://127.0.0.1:${(silent.address() as AddressInfo).port}`) });
    void rig.client.start();
    expect(await rig.nextWait()).toMatchObject({ ms: 5_000 });
    expect(rig.closes).toMatchObject([{ kind: 'network', cause: 'no-handshake' }]);
  });

  it('if nobody scans a QR code, the log says so, a new one follows after five seconds, and that is no failure', async () => {
    rig = new Rig({ simulator: { qrRefs: 0 } });
    await rig.start();
    for (let i = 0; i < 12; i++) expect(await rig.reconnect()).toMatchObject({ ms: 5_000 });
    expect(rig.closes.every(({ kind }) => kind === 'qr-ended')).toBe(true);
    expect(rig.facts).toContainEqual(expect.objectContaining({ level: 'info', close: 'qr-ended' }));
  });

  it('the client notices a peer that has gone without a close, and its next connection does not wait for it', async () => {
    rig = new Rig();
    await rig.wa.start();
    const socket = { url: rig.wa.url, version: undefined, agent: undefined, dispatcher: undefined };
    await rig.pair({ socket: { ...socket, connectTimeoutMs: 5_000, keepAliveIntervalMs: 300 } });
    const before = await rig.atRest();
    rig.wa.faults.halfOpen(true);
    // Baileys takes the peer for gone when it has heard nothing for five seconds more than the interval. The clock goes
    // ten times as fast as its pings: a peer that answers them is not taken for gone.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    const clock = setInterval(() => vi.setSystemTime(Date.now() + 1_000), 100);
    onTestFinished(() => {
      clearInterval(clock);
      vi.useRealTimers();
    });
    const wait = await rig.nextWait();
    expect(rig.closes.at(-1)).toMatchObject({ kind: 'network', statusCode: 408 });
    expect(snapshot(rig.folder)).toEqual(before);
    wait.finish();
    await rig.state('open');
  });
});

it.each(['abc', '0', '200', '-1', '', '99999'])(
  'a code that is no number (%j) ends a connection and a login as any other code, and not the process',
  async (code) => {
    await paired();
    rig.wa.faults.streamError(code);
    rig.wa.faults.failNextLogins(0, 1, { reason: code });
    expect(await rig.reconnect()).toMatchObject({ ms: 5_000 });
    expect(await rig.reconnect()).toMatchObject({ ms: 5_000 });
    await rig.state('open');
    expect(rig.closes).toMatchObject([{ kind: 'network' }, { kind: 'network' }]);
  },
);

it.each([
  ['device_removed', 'logged-out'],
  ['replaced', 'replaced'],
  ['of another kind', 'auth-failed'],
])('a conflict "%s" that is not the first child of a stream error is read', async (type, kind) => {
  await paired();
  const child = (tag: string, attrs: Record<string, string> = {}) => ({ tag, attrs });
  rig.wa.faults.streamError(undefined, child('text'), child('conflict', { type }));
  if (kind === 'logged-out') await rig.running;
  else await rig.nextWait();
  expect(rig.closes.at(-1)?.kind).toBe(kind);
});

describe('failures in a row', () => {
  it('after a failure the client waits five seconds, ten times, and then longer up to five minutes', async () => {
    await paired();
    rig.wa.faults.failNextLogins(503, 20);
    rig.wa.faults.dropConnection();
    const waits: number[] = [];
    for (let i = 0; i < 18; i++) waits.push((await rig.reconnect()).ms);
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

  /** Ten failures in a row, then a connection, which lasts so long by the clock. */
  async function afterTenFailures(openMs: number): Promise<number> {
    await paired();
    rig.wa.faults.failNextLogins(503, 9);
    rig.wa.faults.dropConnection();
    for (let i = 0; i < 10; i++) await rig.reconnect();
    await rig.state('open');
    rig.aheadMs += openMs;
    rig.wa.faults.dropConnection();
    return (await rig.nextWait()).ms;
  }

  it('failures are forgotten after a connection has stayed open for a minute', async () => {
    expect(await afterTenFailures(60_000)).toBe(5_000);
  });

  it('failures are not forgotten after a connection of less than a minute', async () => {
    expect(await afterTenFailures(50_000)).toBe(10_000);
  });

  it('from the fifth refused login on, an error line says each time that the session is probably gone', async () => {
    await paired();
    rig.wa.faults.unlinkWhileOffline();
    rig.wa.faults.dropConnection();
    const first = await rig.nextWait();
    const before = snapshot(rig.folder);
    first.finish();
    const errors = () => rig.facts.filter((facts) => 'level' in facts && facts.level === 'error');
    const counts: number[] = [];
    for (let i = 1; i <= 7; i++) {
      const wait = await rig.nextWait();
      counts.push(errors().length);
      if (i < 7) wait.finish();
    }
    expect(counts).toEqual([0, 0, 0, 0, 1, 2, 3]);
    expect(errors()).toMatchObject([{ times: 5 }, { times: 6 }, { times: 7 }]);
    expect(rig.lines.find((line) => line.startsWith('error '))).toContain('rm -rf ./sessions');
    expect(rig.closes.slice(-7).every(({ kind }) => kind === 'auth-failed')).toBe(true);
    expect(snapshot(rig.folder)).toEqual(before);
    expect(rig.client.state.kind).toBe('waiting');
  });
});

it('if WhatsApp accepts each login and then closes with 401, no line says that the session is gone', async () => {
  await paired();
  for (let i = 0; i < 7; i++) {
    await rig.state('open');
    rig.wa.faults.streamError(401);
    await rig.reconnect();
  }
  await rig.state('open');
  expect(rig.closes.slice(-7).every(({ kind }) => kind === 'auth-failed')).toBe(true);
  expect(rig.lines.filter((line) => line.startsWith('error '))).toEqual([]);
});

it('if WhatsApp asks for a restart each time, the client makes pauses', async () => {
  rig = new Rig();
  await rig.pairAnew();
  const from = rig.closes.length;
  const seen: number[] = [];
  rig.client.on('opened', () => rig.wa.faults.streamError(515));
  rig.wa.faults.streamError(515);
  for (let i = 0; i < 3; i++) {
    const wait = await rig.nextWait();
    seen.push(rig.closes.length - from);
    expect(wait.ms).toBe(5_000);
    wait.finish();
  }
  rig.client.removeAllListeners('opened');
  // The pairing's own restart was the first of them.
  expect(seen).toEqual([3, 4, 5]);
});

describe('a logout', () => {
  it('a logout stops the client, leaves a note, and changes nothing else in the folder', async () => {
    await paired();
    const before = await rig.atRest();
    rig.wa.faults.removeDevice();
    expect(await within(rig.running, 'the end')).toEqual({ kind: 'logged-out' });
    const { 'logged-out.json': note, ...rest } = snapshot(rig.folder);
    expect(note).toBeDefined();
    expect(rest).toEqual(before);
    expect(rig.client.state).toEqual({
      kind: 'stopped',
      reason: { kind: 'logged-out' },
      sinceMs: expect.any(Number),
    });
    expect(rig.session.logoutNote).toMatchObject({ reason: expect.any(String) });
    expect(rig.lines).toContain('error Logged out. Run: rm -rf ./sessions');
    expect(rig.waits).toEqual([]);
    expect(await rig.client.start()).toEqual({ kind: 'logged-out' });
  });

  it('a logout on the phone while the client waits to reconnect is a refused login, and not final', async () => {
    await paired();
    rig.wa.faults.dropConnection();
    const wait = await rig.nextWait();
    rig.wa.phone.unlink();
    wait.finish();
    await rig.nextWait();
    expect(rig.closes.at(-1)).toEqual({ kind: 'auth-failed', statusCode: 401 });
    expect(existsSync(join(rig.folder, 'logged-out.json'))).toBe(false);
  });
});

describe('a session that another client takes over', () => {
  it('the client stops if another client takes its session over twice within ten minutes', async () => {
    await paired();
    rig.wa.faults.replace();
    expect(await rig.reconnect()).toMatchObject({ ms: 60_000 });
    await rig.state('open');
    const before = await rig.atRest();
    rig.aheadMs += 9 * 60_000;
    rig.wa.faults.replace();
    expect(await within(rig.running, 'the end')).toEqual({ kind: 'replaced' });
    expect(rig.facts.at(-2)).toMatchObject({ level: 'error', close: 'replaced' });
    expect(snapshot(rig.folder)).toEqual(before);
    expect(rig.waits).toHaveLength(1);
  });

  it('the client connects again if the second takeover comes much later', async () => {
    await paired();
    rig.wa.faults.replace();
    await rig.reconnect();
    await rig.state('open');
    rig.aheadMs += 11 * 60_000;
    rig.wa.faults.replace();
    expect(await rig.nextWait()).toMatchObject({ ms: 60_000 });
  });
});

describe('a client version that WhatsApp refuses', () => {
  const CURRENT = [2, 3000, 1_099_999_999] as const;

  it('after a refusal of its version the client looks up the current one, uses it, and remembers it for the next start', async () => {
    await paired();
    rig.wa.minimumVersion = CURRENT.join('.');
    rig.wa.faults.dropConnection();
    await rig.stop();
    let lookUps = 0;
    const lookUpVersion = async () => {
      lookUps += 1;
      return CURRENT;
    };
    await rig.start({ lookUpVersion });
    expect(await rig.reconnect()).toMatchObject({ ms: 5_000 });
    await rig.state('open');
    expect(rig.wa.clientVersion).toBe(CURRENT.join('.'));
    await rig.stop();
    await rig.start({ lookUpVersion });
    await rig.state('open');
    expect(lookUps).toBe(1);
    expect(rig.wa.counters.refusedLogins).toBe(1);
  });

  it('if the look-up of the version fails, the client connects again and looks it up again', async () => {
    await paired();
    await rig.stop();
    rig.wa.minimumVersion = CURRENT.join('.');
    let lookUps = 0;
    await rig.start({
      lookUpVersion: async () => {
        lookUps += 1;
        return lookUps < 3 ? undefined : CURRENT;
      },
    });
    for (let i = 0; i < 3; i++) await rig.reconnect();
    await rig.state('open');
    expect(lookUps).toBe(3);
    expect(rig.lines.join('\n')).toContain('WA_VERSION');
  });

  it('a newer built-in version replaces the remembered one', async () => {
    await paired();
    await rig.session.set({ client: { 'wa-version': [2, 2000, 1] } });
    await rig.stop();
    await rig.start();
    await rig.state('open');
    expect(rig.wa.clientVersion).not.toBe('2.2000.1');
  });
});

describe('an account that WhatsApp refuses', () => {
  it('the log explains the refusal of the account in a sentence, and the client tries again after an hour', async () => {
    rig = new Rig();
    await rig.pair();
    await rig.stop();
    rig.wa.faults.failNextLogins(409);
    const from = rig.facts.length;
    await rig.start();
    const wait = await rig.nextWait();
    expect(wait.ms).toBe(3_600_000);
    expect(rig.closes.at(-1)).toEqual({ kind: 'account-refused', statusCode: 409 });
    const errors = rig.facts.slice(from).filter((facts) => 'level' in facts && facts.level === 'error');
    expect(errors).toMatchObject([{ close: 'account-refused', statusCode: 409 }]);
    wait.finish();
    await rig.state('open');
  });
});

it('a removed device is a logout, though WhatsApp names no code', async () => {
  rig = new Rig();
  await rig.pair();
  rig.wa.faults.removeDevice({ hasCode: false });
  expect(await within(rig.running, 'the end')).toEqual({ kind: 'logged-out' });
});
