import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Group } from '../../src/simulator/phones/group.ts';
import type { Person } from '../../src/simulator/phones/person.ts';
import { silenceConsole } from './support/console.ts';
import { Program } from './support/program.ts';

let program: Program;

/** `LONG=1` is the long form. */
const [OF_ONE, PEOPLE, ROUNDS, IN_DOWNTIME] = process.env.LONG ? [500, 200, 5, 1_000] : [150, 60, 3, 250];

beforeEach(() => {
  silenceConsole();
  program = new Program();
});

afterEach(async () => {
  await program.destroy();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** The number of messages that all log lines together report as too old. */
const droppedForAge = (): number =>
  program.lines
    .map((line) => JSON.parse(line) as { maxAgeSeconds?: number; count?: number })
    .filter(({ maxAgeSeconds }) => maxAgeSeconds !== undefined)
    .reduce((sum, { count = 0 }) => sum + count, 0);

/** The ids of the answers to one message. */
const answersTo = (person: Person, id: string): string[] =>
  person.inbox.filter((message) => message.quotedId === id).map((message) => message.id);

async function ask(person: Person, to?: Group): Promise<string> {
  return (await person.send('!ping', to)).id;
}

async function expectOneAnswerEach(
  asked: ReadonlyArray<readonly [Person, string]>,
  deadlineMs: number,
): Promise<void> {
  for (const [person, id] of asked)
    await person.waitForMessage((message) => message.quotedId === id, deadlineMs);
  for (const [person, id] of asked) expect(answersTo(person, id)).toHaveLength(1);
  for (const [person] of asked) expect(person.unreadable).toEqual([]);
}

test('by default the bot shows that it types before it answers', async () => {
  await program.start({ TYPING_DELAY_MS: '' });
  const person = program.wa.addPerson();
  const id = await ask(person);
  await person.waitForMessage((message) => message.quotedId === id, 10_000);
  expect(person.chatStates.map(({ state }) => state)).toEqual(['composing']);
  const answeredAtMs = person.inbox.find((message) => message.quotedId === id)?.atMs ?? 0;
  expect(person.chatStates[0]?.atMs).toBeLessThanOrEqual(answeredAtMs);
});

describe('every command is answered exactly once', () => {
  test(`the bot answers ${OF_ONE} commands of one person exactly once and in order`, {
    timeout: 90_000,
  }, async () => {
    await program.start();
    const person = program.wa.addPerson({ addressing: 'mixed' });
    const ids: string[] = [];
    for (let index = 0; index < OF_ONE; index += 1) ids.push(await ask(person));
    await expectOneAnswerEach(
      ids.map((id) => [person, id]),
      60_000,
    );
    expect(person.inbox.map((message) => message.quotedId)).toEqual(ids);
  });

  test(`the bot answers ${ROUNDS} commands each of ${PEOPLE} people exactly once`, {
    timeout: 90_000,
  }, async () => {
    await program.start();
    const people = Array.from({ length: PEOPLE }, (_, index) =>
      program.wa.addPerson({ addressing: (['pn', 'lid', 'mixed'] as const)[index % 3] ?? 'pn' }),
    );
    const asked: Array<readonly [Person, string]> = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const person of people) asked.push([person, await ask(person)]);
    }
    await expectOneAnswerEach(asked, 60_000);
  });

  test('the bot answers commands from a downtime if they are at most ten minutes old', {
    timeout: 90_000,
  }, async () => {
    // This moves the clock of the whole process; timers are not affected.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    const startMs = Date.now();
    await program.start();
    const people = Array.from({ length: 5 }, (_, index) =>
      program.wa.addPerson({ addressing: index % 2 === 0 ? 'pn' : 'lid' }),
    );
    const group = program.wa.addGroup({ people });
    const [first] = people;
    if (!first) throw new Error('nobody is there');
    await expectOneAnswerEach([[first, await ask(first, group)]], 10_000);
    await program.stop();

    const asked: Array<readonly [Person, string]> = [];
    for (let index = 0; index < IN_DOWNTIME; index += 1) {
      vi.setSystemTime(startMs + (index / IN_DOWNTIME) * 3_600_000);
      const person = people[index % people.length] ?? first;
      asked.push([person, await ask(person, index % 4 === 0 ? group : undefined)]);
    }
    vi.setSystemTime(startMs + 3_600_000);
    await program.start();
    // All of them within an hour: the last sixth in ten minutes.
    const firstRecent = Math.ceil((IN_DOWNTIME * 5) / 6);
    const [old, recent] = [asked.slice(0, firstRecent), asked.slice(firstRecent)];
    await expectOneAnswerEach(recent, 60_000);
    expect(old.flatMap(([person, id]) => answersTo(person, id))).toEqual([]);
    await vi.waitFor(() => expect(droppedForAge()).toBe(old.length), 10_000);
  });

  test('the bot sends a message that WhatsApp did not acknowledge again under the same id', {
    timeout: 60_000,
  }, async () => {
    await program.start();
    const person = program.wa.addPerson();
    await expectOneAnswerEach([[person, await ask(person)]], 10_000);
    program.wa.faults.sends.withholdAcks(true);
    const id = await ask(person);
    await person.waitForMessage((message) => message.quotedId === id);
    program.wa.faults.sends.withholdAcks(false);
    // Without an ack the command stays unfinished: after a restart the answer is sent once more.
    await program.stop();
    await program.start();
    await vi.waitFor(() => expect(person.duplicates).toBe(1), { timeout: 10_000 });
    expect(answersTo(person, id)).toHaveLength(1);
  });
});
