import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BufferJSON } from '@whiskeysockets/baileys';
import { describe, expect, it } from 'vitest';
import { prettyLine } from '../../src/logging/pretty-line.ts';
import { stage, useStage } from './support/stage.ts';

useStage();

/** Shorter ones (ids, flags) are no secrets, and occur by chance. */
const SHORTEST_BYTES = 16;

/** All bytes in a JSON value, as Baileys and libsignal write them: as buffers, or as base64 text. */
function bytesIn(value: unknown, found: Buffer[] = []): Buffer[] {
  if (value instanceof Uint8Array) found.push(Buffer.from(value));
  else if (typeof value === 'string') {
    const bytes = Buffer.from(value, 'base64');
    if (bytes.toString('base64') === value) found.push(bytes);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      bytesIn(key, found);
      bytesIn(inner, found);
    }
  }
  return found.filter(({ length }) => length >= SHORTEST_BYTES);
}

/** Every key and credential in the folder, and in what ways it could be printed. */
function secretsIn(folder: string): Map<string, string> {
  const secrets = new Map<string, string>();
  const files = readdirSync(folder).filter((name) => name.endsWith('.json') && !name.startsWith('table-'));
  for (const name of files) {
    for (const bytes of bytesIn(JSON.parse(readFileSync(join(folder, name), 'utf8'), BufferJSON.reviver))) {
      secrets.set(bytes.toString('base64').replace(/=+$/, ''), `${name}, in base64`);
      secrets.set(bytes.toString('base64url'), `${name}, in base64url`);
      secrets.set(bytes.toString('hex'), `${name}, in hex`);
      // As an inspected Buffer.
      secrets.set(bytes.toString('hex', 0, 12).replace(/..(?=.)/g, '$& '), `${name}, as a Buffer`);
      secrets.set([...bytes.subarray(0, 12)].join(','), `${name}, as numbers`);
      secrets.set([...bytes.subarray(0, 12)].join(', '), `${name}, as numbers`);
    }
  }
  return secrets;
}

/** Pairs, chats in every way, loses sessions, damages messages, starts again: what makes libraries talk. */
async function talkAboutEverything(env: Record<string, string>) {
  const texts: string[] = [];
  const bots = [await stage.pair(env)];
  const people = (['pn', 'lid', 'mixed'] as const).map((addressing) => stage.wa.addPerson({ addressing }));
  const [first, second] = people;
  if (!first || !second) throw new Error('nobody is there');
  const group = stage.wa.addGroup({ people, subject: 'Mysterious subject of a group' });
  for (const [index, person] of people.entries()) {
    const text = `a very private remark, number ${index}`;
    texts.push(text);
    await person.send(text);
    await person.send(`another ${text}`, group);
    await stage.ping(person);
  }
  await first.loseSessions();
  await stage.ping(first);
  await second.sendMessage({ conversation: '!id damaged on its way' }, { isCorrupt: true });
  await stage.ping(second);
  await second.reinstall();
  await stage.ping(second);
  first.failReads(1);
  await stage.ping(first);
  await bots[0]?.stop();
  bots.push(await stage.start(env));
  for (const person of people) await stage.ping(person);
  stage.wa.faults.dropConnection();
  await bots[1]?.said('Reconnecting in');
  await bots[1]?.stop();
  return { bots, texts, people };
}

describe('nothing secret is ever printed', () => {
  it('no secret is printed at level trace, as JSON or as a person reads it', async () => {
    const { bots, texts, people } = await talkAboutEverything({ LOG_LEVEL: 'trace', LOG_FORMAT: 'json' });
    const asJson = bots.map((bot) => bot.output).join('');
    // With the other format the program prints what `prettyLine` makes of each line.
    const lines = asJson.split('\n').filter((line) => line.startsWith('{'));
    const output = asJson + lines.map((line) => prettyLine(line, false)).join('');
    // The dumps were provoked, and the log is a talkative one.
    for (const level of ['"level":"trace"', '[TRACE] ']) expect(output).toContain(level);
    expect(output).toContain('libsignal: Closing session:');
    expect(output).toMatch(/libsignal: (Session error:|Failed to decrypt message with any known session)/);
    expect(output).toContain('Baileys: ');

    const secrets = secretsIn(stage.sessions);
    expect(secrets.size).toBeGreaterThan(4 * 812);
    const printed = [...secrets].filter(([secret]) => output.includes(secret)).map(([, what]) => what);
    expect(printed).toEqual([]);

    for (const text of [...texts, 'Mysterious subject', 'damaged on its way'])
      expect(output).not.toContain(text);
    const numbers = [stage.wa.phone, ...people].flatMap(({ number, lid }) => [number, lid]);
    for (const number of numbers) expect(output, `the whole of ${number}`).not.toContain(number);
  }, 40_000);

  it('a pairing code is shown on the screen and in no log line', async () => {
    const bot = await stage.start({
      LOG_LEVEL: 'trace',
      LOG_FORMAT: 'json',
      PAIRING_NUMBER: '+1 (555) 010-0000',
    });
    await bot.said('and type the code.');
    const code = /\b([0-9A-Z]{4})-([0-9A-Z]{4})\b/.exec(bot.output);
    expect(code).not.toBeNull();
    await stage.wa.phone.enterCode(code?.[0] ?? '');
    await bot.said('WhatsApp connection established');
    const logged = bot.lines.filter((line) => line.startsWith('{')).join('\n');
    expect(logged).not.toContain(code?.[0]);
    expect(logged).not.toContain(`${code?.[1]}${code?.[2]}`);
    expect(bot.output).not.toContain('15550100000');
  });
});
