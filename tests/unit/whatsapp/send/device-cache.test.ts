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
  cache = new DeviceCache(
    session,
    () => nowMs,
    () => {},
  );
  await session.set({ 'lid-mapping': { '4915112345678': '777', '777_reverse': '4915112345678' } });
  cache.set('777', [{ user: '777', device: 0 }]);
  cache.set('4915112345678', [{ user: '4915112345678', device: 0 }]);
});

afterEach(() => session.close());

test('a list is kept for a day, and no longer', () => {
  nowMs += 23 * 60 * 60 * 1000;
  expect(cache.get('777')).toEqual([{ user: '777', device: 0 }]);
  nowMs += 2 * 60 * 60 * 1000;
  expect(cache.get('777')).toBeUndefined();
});

test('a notification under one address forgets the lists under both', () => {
  cache.forget('4915112345678@s.whatsapp.net');
  expect(cache.get('777')).toBeUndefined();
  expect(cache.get('4915112345678')).toBeUndefined();
});

test('a message from a device that the list does not have forgets it', () => {
  cache.sawDevice('777:5@lid');
  expect(cache.get('777')).toBeUndefined();
  expect(cache.get('4915112345678')).toBeUndefined();
});

test('a message from a device that is known changes nothing, nor does nonsense', () => {
  for (const jid of ['777@lid', '777:0@lid', '120363000000000000@g.us', 'nonsense', undefined])
    cache.sawDevice(jid);
  expect(cache.get('777')).toEqual([{ user: '777', device: 0 }]);
});

test('a list that was kept while the clock was wrong does not stay for ever, and an hour is no matter', () => {
  nowMs -= 60 * 60 * 1000;
  expect(cache.get('777')).toBeDefined();
  nowMs -= 24 * 60 * 60 * 1000;
  expect(cache.get('777')).toBeUndefined();
});
