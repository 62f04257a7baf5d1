import { afterEach, describe, expect, it, vi } from 'vitest';
import { within } from './support/deadline.ts';
import { Rig } from './support/rig.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let rig: Rig;

afterEach(async () => {
  vi.useRealTimers();
  await rig.destroy();
});

async function paired(): Promise<Rig> {
  rig = new Rig();
  await rig.pair();
  return rig;
}

describe('a clock that jumps', () => {
  it.each([
    ['a day ahead', DAY],
    ['an hour behind', -HOUR],
  ])('if the clock is %s, messages are as old as WhatsApp says', async (_, errorMs) => {
    await paired();
    await rig.stop();
    rig.clockErrorMs = errorMs;
    const person = rig.wa.addPerson();
    await person.sendMessage({ conversation: 'old' }, { timestamp: Math.floor(Date.now() / 1000) - 300 });
    await rig.start();
    await rig.state('open');
    await rig.ping(person);
    const ages = rig.received.map(({ sentAtMs }) => Date.now() + errorMs - sentAtMs);
    const [old = 0, fresh = 0] = ages;
    expect(old).toBeGreaterThan(5 * MINUTE - 1_000);
    expect(old).toBeLessThan(6 * MINUTE);
    expect(Math.abs(fresh)).toBeLessThan(MINUTE);
    const warned = rig.facts.filter((facts) => 'aheadMs' in facts);
    expect(warned).toMatchObject([{ level: 'warn', aheadMs: expect.closeTo(errorMs, -4) }]);
  });

  it('a clock that is set back an hour does not make an old takeover a recent one', async () => {
    await paired();
    rig.wa.faults.replace();
    await rig.reconnect();
    await rig.state('open');
    rig.aheadMs += 11 * MINUTE;
    rig.clockErrorMs = -HOUR;
    rig.wa.faults.replace();
    expect(await rig.nextWait()).toMatchObject({ ms: 60_000 });
  });

  it('a clock that is set forward a day does not make a recent takeover an old one', async () => {
    await paired();
    rig.wa.faults.replace();
    await rig.reconnect();
    await rig.state('open');
    rig.clockErrorMs = DAY;
    rig.wa.faults.replace();
    expect(await within(rig.running, 'the end')).toEqual({ kind: 'replaced' });
  });

  it.each([
    ['forward an hour makes no short connection a stable one', HOUR, 1_000, 10_000],
    ['back an hour makes no stable connection a short one', -HOUR, MINUTE, 5_000],
  ])('a clock that is set %s', async (_, errorMs, openMs, waitMs) => {
    await paired();
    rig.wa.faults.failNextLogins(503, 9);
    rig.wa.faults.dropConnection();
    for (let i = 0; i < 10; i++) await rig.reconnect();
    await rig.state('open');
    rig.clockErrorMs = errorMs;
    rig.aheadMs += openMs;
    rig.wa.faults.dropConnection();
    expect((await rig.nextWait()).ms).toBe(waitMs);
  });
});

describe('a machine that slept', () => {
  it('after the machine slept, the client notices at its next check that the connection is gone, and connects again', async () => {
    rig = new Rig();
    await rig.wa.start();
    const socket = {
      url: rig.wa.url,
      version: undefined,
      agent: undefined,
      dispatcher: undefined,
      connectTimeoutMs: 5_000,
      keepAliveIntervalMs: 200,
    };
    await rig.pair({ socket });
    const person = rig.wa.addPerson();
    await rig.ping(person);
    await rig.atRest();
    // The peer has gone without a word meanwhile. It is Baileys that looks at the clock.
    rig.wa.faults.halfOpen(true);
    vi.useFakeTimers({ toFake: ['Date'], shouldAdvanceTime: true, now: Date.now() + 8 * HOUR });
    await rig.reconnect();
    expect(rig.closes.at(-1)).toMatchObject({ kind: 'network', statusCode: 408 });
    await rig.state('open');
    await rig.ping(person);
  });
});
