import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DeviceCache } from '../../../../src/whatsapp/send/device-cache.ts';
import { openQuietly, sessionPath } from '../../session/helpers.ts';

type Session = Awaited<ReturnType<typeof openQuietly>>;

let session: Session;
let nowMs: number;
let cache: DeviceCache;

beforeEach(async () => {
  session = await openQuietly(sessionPath());
  nowMs = 1_000_000;
  cache = new DeviceCache(session, { now: () => nowMs }, pino({ level: 'silent' }));
  await session.set({ 'lid-mapping': { '4915112345678': '777', '777_reverse': '4915112345678' } });
  cache.set('777', [{ user: '777', device: 0 }]);
  cache.set('4915112345678', [{ user: '4915112345678', device: 0 }]);
});

afterEach(() => session.close());

test('the device cache keeps a list of devices for a day', () => {
  nowMs += 23 * 60 * 60 * 1000;
  expect(cache.get('777')).toEqual([{ user: '777', device: 0 }]);
  nowMs += 2 * 60 * 60 * 1000;
  expect(cache.get('777')).toBeUndefined();
});

test('the device cache forgets the lists under both addresses at a notification under one', () => {
  cache.forget('4915112345678@s.whatsapp.net');
  expect(cache.get('777')).toBeUndefined();
  expect(cache.get('4915112345678')).toBeUndefined();
});

test('the device cache forgets a list when a message comes from a device that it lacks', () => {
  cache.sawDevice('777:5@lid');
  expect(cache.get('777')).toBeUndefined();
  expect(cache.get('4915112345678')).toBeUndefined();
});

test('the device cache keeps a list when a message comes from a known device or from a malformed address', () => {
  for (const jid of ['777@lid', '777:0@lid', '120363000000000000@g.us', 'nonsense', undefined])
    cache.sawDevice(jid);
  expect(cache.get('777')).toEqual([{ user: '777', device: 0 }]);
});

test('the device cache forgets a list that was stored while the clock was wrong by more than a day', () => {
  nowMs -= 60 * 60 * 1000;
  expect(cache.get('777')).toBeDefined();
  nowMs -= 24 * 60 * 60 * 1000;
  expect(cache.get('777')).toBeUndefined();
});
