import { beforeAll, describe, expect, it, vi } from 'vitest';
import { repairLibSignal } from '../../../../src/whatsapp/signal/libsignal-repair.ts';
import { textParty } from './party.ts';

/**
 * The bot has two sessions with a person, as it does after each start. The person still writes on the older one,
 * which is tried second, and then on the newer one, which the first try has touched.
 */
async function writeOnBothSessions(): Promise<string[]> {
  const bot = textParty();
  const person = textParty();
  await person.startSession(bot, 1);
  await bot.read(await person.send('hello'));
  await person.read(await bot.send('hello'));
  const older = person.records.texts.get('other.0') ?? '';
  await person.startSession(bot, 2);
  await bot.read(await person.send('hello on another'));
  await person.read(await bot.send('hello on another'));
  const newer = person.records.texts.get('other.0') ?? '';

  const texts: string[] = [];
  person.records.texts.set('other.0', older);
  texts.push(await bot.read(await person.send('on the older')));
  person.records.texts.set('other.0', newer);
  texts.push(await bot.read(await person.send('on the newer')));
  return texts;
}

describe('a try that fails', () => {
  beforeAll(() => {
    for (const method of ['log', 'info', 'warn', 'error'] as const) {
      vi.spyOn(console, method).mockReturnValue(undefined);
    }
  });

  it('in the original libsignal a failed try damages a Signal session', async () => {
    await expect(writeOnBothSessions()).rejects.toThrow();
  });

  it('the repair restores the Signal session after a failed try, also if it is called twice', async () => {
    repairLibSignal();
    repairLibSignal();
    expect(await writeOnBothSessions()).toEqual(['on the older', 'on the newer']);
  });

  it('with the repair a damaged message still fails, and nothing is stored', async () => {
    const bot = textParty();
    const person = textParty();
    await person.startSession(bot, 1);
    await bot.read(await person.send('hello'));
    await person.read(await bot.send('hello'));
    const { type, body } = await person.send('damaged');
    body[body.length - 1] = (body[body.length - 1] ?? 0) ^ 1;
    const before = bot.records.texts.get('other.0');
    await expect(bot.read({ type, body })).rejects.toThrow();
    expect(bot.records.texts.get('other.0')).toBe(before);
    expect(await bot.read(await person.send('whole'))).toBe('whole');
  });
});
