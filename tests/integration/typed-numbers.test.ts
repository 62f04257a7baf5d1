import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { phrases } from '../../src/bot/phrases.ts';
import type { Person } from '../../src/simulator/phones/person.ts';
import { silenceConsole } from './support/console.ts';
import { Program } from './support/program.ts';
import { useStockRig } from './support/stock-client.ts';

let program: Program;
let asked: number;

const STATE = 'how the bot is doing';

beforeEach(() => {
  silenceConsole();
  vi.spyOn(phrases, 'status').mockReturnValue(STATE);
  program = new Program();
  asked = 0;
  program.wa.events.on('stanza-in', (node) => {
    if (node.attrs.xmlns === 'usync' && JSON.stringify(node).includes('"tag":"contact"')) asked += 1;
  });
});

afterEach(async () => {
  await program.destroy();
  vi.restoreAllMocks();
});

/** What the bot says to `!status`: owners get the state, others a sentence. */
async function isOwner(person: Person): Promise<boolean> {
  const { id } = await person.send('!status');
  const answer = await person.waitForMessage(({ quotedId }) => quotedId === id, 10_000);
  expect([STATE, phrases.ownersOnly]).toContain(answer.text);
  return answer.text === STATE;
}

/** The places in the settings that the log warns of. */
const warnedPlaces = (): unknown[] =>
  program.lines
    .map((line) => JSON.parse(line) as { level: string; place?: string })
    .filter(({ level, place }) => level === 'warn' && place !== undefined)
    .map(({ place }) => place);

test.each([
  ['Brazil, with a ninth digit that WhatsApp has not', '5531988887777', '553188887777', 'pn'],
  ['Brazil, without the ninth digit that WhatsApp has', '551188887777', '5511988887777', 'lid'],
  ['Argentina, without the 9', '541112345678', '5491112345678', 'mixed'],
  ['Argentina, with a 9 that WhatsApp has not', '5491112345678', '541112345678', 'lid'],
  ['Mexico, with the old 1', '5215512345678', '525512345678', 'lid'],
  ['Mexico, without the 1', '525512345678', '5215512345678', 'pn'],
] as const)(
  'an owner is known by a number that is written in another form: %s',
  async (_, typed, number, addressing) => {
    const ana = program.wa.addPerson({ number, aliases: [typed], addressing });
    const neighbour = program.wa.addPerson({ number: `${number.slice(0, -1)}0` });
    await program.start({ OWNER_NUMBERS: typed });
    expect(await isOwner(ana)).toBe(true);
    expect(await isOwner(neighbour)).toBe(false);
    expect(asked).toBe(1);
  },
);

test('the answer to a look-up of a number is kept: after a restart WhatsApp is not asked again', async () => {
  const ana = program.wa.addPerson({ number: '553188887777', aliases: ['5531988887777'] });
  await program.start({ OWNER_NUMBERS: '5531988887777' });
  expect(await isOwner(ana)).toBe(true);
  await program.stop();
  program.wa.faults.queries.ignore('usync:contact');
  await program.start({ OWNER_NUMBERS: '5531988887777' });
  expect(await isOwner(ana)).toBe(true);
  expect(asked).toBe(1);
});

test('a number that is removed from the setting is no owner any more, although the answer is kept', async () => {
  const ana = program.wa.addPerson({ number: '553188887777', aliases: ['5531988887777'] });
  await program.start({ OWNER_NUMBERS: '5531988887777' });
  expect(await isOwner(ana)).toBe(true);
  await program.stop();
  await program.start({ OWNER_NUMBERS: '15551234567' });
  expect(await isOwner(ana)).toBe(false);
});

test('the log warns at each start of a number that WhatsApp does not know, and names its place in the setting', async () => {
  const ana = program.wa.addPerson({ number: '15551230001' });
  const env = { OWNER_NUMBERS: '15551230001,,15551230001, +1 555 123 0009', MAY_WRITE_TO: '15551230008' };
  for (let start = 0; start < 2; start++) {
    program.lines.length = 0;
    await program.start(env);
    const places = ['OWNER_NUMBERS, entry 3', 'MAY_WRITE_TO, entry 1'];
    await vi.waitFor(() => expect(warnedPlaces()).toEqual(places), 10_000);
    const log = program.lines.join('');
    expect(log).not.toMatch(/15551230009|15551230008/);
    expect(await isOwner(ana)).toBe(true);
    await program.stop();
  }
});

test('two entries for one person make one owner', async () => {
  const ana = program.wa.addPerson({ number: '553188887777', aliases: ['5531988887777'] });
  await program.start({ OWNER_NUMBERS: '553188887777, 5531988887777' });
  expect(await isOwner(ana)).toBe(true);
  expect(warnedPlaces()).toEqual([]);
});

test('an owner without a LID is known by the number', async () => {
  program.wa.faults.queries.hideLids(true);
  const ana = program.wa.addPerson({ number: '553188887777', aliases: ['5531988887777'] });
  await program.start({ OWNER_NUMBERS: '5531988887777' });
  expect(await isOwner(ana)).toBe(true);
});

test('if WhatsApp refuses to look numbers up, they are used as they are written', async () => {
  program.wa.faults.queries.refuse('usync:contact', 429);
  const ana = program.wa.addPerson({ number: '15551230001' });
  const ben = program.wa.addPerson({ number: '553188887777', aliases: ['5531988887777'] });
  await program.start({ OWNER_NUMBERS: '15551230001, 5531988887777' });
  expect(await isOwner(ana)).toBe(true);
  expect(await isOwner(ben)).toBe(false);
  const facts = program.lines.map((line) => JSON.parse(line) as object);
  expect(facts).toContainEqual(expect.objectContaining({ level: 'warn', request: 'number', code: '429' }));
  expect(facts).toContainEqual(expect.objectContaining({ level: 'warn', numbers: 2 }));
});

describe('sends', () => {
  const stock = useStockRig();

  test('a send reaches a person whose number is written in another form; a send of a plain client does not', async () => {
    const ana = program.wa.addPerson({ number: '553188887777', aliases: ['5531988887777'] });
    await program.start();
    const bot = await program.bot;
    const message = { id: '3EB0TYPED0001', chat: '5531988887777@s.whatsapp.net' };
    await bot.send({ ...message, content: { kind: 'text', text: 'hello' } });
    await vi.waitFor(() => expect(ana.inbox.map(({ text }) => text)).toContain('hello'), 10_000);
    await bot.send({ ...message, id: '3EB0TYPED0002', content: { kind: 'text', text: 'again' } });
    expect(asked).toBe(1);

    const { sock } = await stock.rig.pair();
    const ben = stock.wa.addPerson({ number: '553188886666', aliases: ['5531988886666'] });
    await sock.sendMessage('5531988886666@s.whatsapp.net', { text: 'hello' });
    await sock.sendMessage(ben.jid, { text: 'after it' });
    await vi.waitFor(() => expect(ben.inbox).toHaveLength(1), 10_000);
    expect(ben.inbox[0]?.text).toBe('after it');
  });

  test('MAY_WRITE_TO takes a number in either form', async () => {
    const ana = program.wa.addPerson({ number: '553188887777', aliases: ['5531988887777'] });
    await program.start({ MAY_WRITE_TO: '5531988887777' });
    const bot = await program.bot;
    await vi.waitFor(() => expect(asked).toBe(1), 10_000);
    const chat = '553188887777@s.whatsapp.net';
    await vi.waitFor(() => expect(bot.mayWriteTo(chat)).toBe(true), 10_000);
    await bot.send({ id: '3EB0LISTED0001', chat, content: { kind: 'text', text: 'hello' } });
    await vi.waitFor(() => expect(ana.inbox.map(({ text }) => text)).toContain('hello'), 10_000);
    expect(bot.mayWriteTo('553188887776@s.whatsapp.net')).toBe(false);
  });
});
