import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { Session } from '../../../../src/session/session-store.ts';
import { ParsedKeys } from '../../../../src/session/values/parsed-keys.ts';
import { Party, type Records, textParty } from '../../whatsapp/signal/party.ts';
import { openQuietly, sessionPath, stockFolder } from '../helpers.ts';

/** Keeps the records in a session, as Baileys does, and remembers the text of each object that it handed out. */
class SessionRecords implements Records {
  readonly handedOut: Array<{ readonly value: unknown; readonly text: string }> = [];
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  load(id: string): unknown {
    const value = this.#session.get('session', [id])[id];
    this.handedOut.push({ value, text: JSON.stringify(value) });
    return value;
  }

  store(id: string, record: object): void {
    void this.#session.set({ session: { [id]: record } });
  }
}

test('libsignal never changes an object that the cache of parsed keys hands out', async () => {
  for (const method of ['log', 'info', 'warn', 'error'] as const)
    vi.spyOn(console, method).mockReturnValue(undefined);
  const path = sessionPath();
  await stockFolder(path);
  const session = await openQuietly(path);
  const records = new SessionRecords(session);
  const bot = new Party(records);
  const person = textParty();

  await person.startSession(bot, 1);
  await bot.read(await person.send('the first message'));
  for (let turn = 0; turn < 5; turn++) {
    const late = await person.send('comes late');
    await bot.read(await person.send('comes early'));
    await person.read(await bot.send('an answer'));
    const damaged = await person.send('is damaged');
    damaged.body[damaged.body.length - 1] = (damaged.body[damaged.body.length - 1] ?? 0) ^ 1;
    await expect(bot.read(damaged)).rejects.toThrow();
    await bot.read(late);
    await expect(bot.read(late)).rejects.toThrow();
  }
  await person.startSession(bot, 2);
  await bot.read(await person.send('on another session'));
  await bot.startSession(person, 3);
  await bot.send('on a session of our own');

  const objects = new Set(records.handedOut.map(({ value }) => value));
  expect(objects.size).toBeLessThan(records.handedOut.length);
  for (const { value, text } of records.handedOut) expect(JSON.stringify(value)).toBe(text);
  await session.checkpoint();
  const file = JSON.parse(readFileSync(join(path, 'session-other.0.json'), 'utf8'));
  expect(session.get('session', ['other.0'])).toEqual({ 'other.0': file });
});

test.each([
  ['session', { version: 'v1', _sessions: {} }],
  ['sender-key', Buffer.from('[]')],
])('a %s is handed out only for the text that it stands for', (type, value) => {
  const keys = new ParsedKeys();
  keys.put(type, 'a', 'text', value);
  expect(keys.get('a', 'text')).toBe(value);
  expect(keys.get('a', 'another text')).toBeUndefined();
  expect(keys.get('b', 'text')).toBeUndefined();
});

test.each([
  ['session', { _sessions: {} }],
  ['session', { version: 'v2' }],
  ['session', Buffer.from('v1')],
  ['session', null],
  ['session', 'v1'],
  ['sender-key', { version: 'v1' }],
  ['sender-key-memory', { a: true }],
  ['device-list', ['0']],
])('a %s that the library would change in place is not kept: %j', (type, value) => {
  const keys = new ParsedKeys();
  keys.put(type, 'a', 'text', value);
  expect(keys.get('a', 'text')).toBeUndefined();
});
