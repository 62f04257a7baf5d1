import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Group } from '../../src/simulator/group.ts';
import type { Person } from '../../src/simulator/person.ts';
import { Program } from './support/program.ts';

let program: Program;

beforeEach(() => {
  for (const method of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, method).mockReturnValue(undefined);
  program = new Program();
});

afterEach(async () => {
  await program.destroy();
  vi.restoreAllMocks();
});

/** Ids of the answers to one question. */
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

describe('every command is answered exactly once', () => {
  test('500 in a burst from one person, in the order they were asked', { timeout: 90_000 }, async () => {
    await program.start();
    const person = program.wa.addPerson({ addressing: 'mixed' });
    const ids: string[] = [];
    for (let index = 0; index < 500; index += 1) ids.push(await ask(person));
    await expectOneAnswerEach(
      ids.map((id) => [person, id]),
      60_000,
    );
    expect(person.inbox.map((message) => message.quotedId)).toEqual(ids);
  });

  test('five each from 200 people at once', { timeout: 90_000 }, async () => {
    await program.start();
    const people = Array.from({ length: 200 }, (_, index) =>
      program.wa.addPerson({ addressing: (['pn', 'lid', 'mixed'] as const)[index % 3] ?? 'pn' }),
    );
    const asked: Array<readonly [Person, string]> = [];
    for (let round = 0; round < 5; round += 1) {
      for (const person of people) asked.push([person, await ask(person)]);
    }
    await expectOneAnswerEach(asked, 60_000);
  });

  test('1,000 that waited for an hour: the recent ones are answered, the old ones are not', {
    timeout: 90_000,
  }, async () => {
    await program.start();
    const people = Array.from({ length: 5 }, (_, index) =>
      program.wa.addPerson({ addressing: index % 2 === 0 ? 'pn' : 'lid' }),
    );
    const group = program.wa.addGroup({ people });
    const [first] = people;
    if (!first) throw new Error('nobody is there');
    await expectOneAnswerEach([[first, await ask(first, group)]], 10_000);
    await program.stop();

    const nowSeconds = Math.floor(Date.now() / 1000);
    const recent: Array<readonly [Person, string]> = [];
    const old: Array<readonly [Person, string]> = [];
    for (let index = 0; index < 1_000; index += 1) {
      const person = people[index % people.length] ?? first;
      const isOld = index < 700;
      const { id } = await person.sendMessage(
        { conversation: '!ping' },
        { ...(index % 4 === 0 ? { to: group } : {}), timestamp: nowSeconds - (isOld ? 3_600 - index : 60) },
      );
      (isOld ? old : recent).push([person, id]);
    }
    await program.start();
    await expectOneAnswerEach(recent, 60_000);
    expect(old.flatMap(([person, id]) => answersTo(person, id))).toEqual([]);
    const dropped = program.lines.map((line) => JSON.parse(line) as { msg: string; count?: number });
    const counts = dropped.filter(({ msg }) => msg.includes('too old')).map(({ count }) => count ?? 0);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(700);
  });

  test('a send that WhatsApp never acknowledged goes out again under the same id', {
    timeout: 60_000,
  }, async () => {
    await program.start();
    const person = program.wa.addPerson();
    await expectOneAnswerEach([[person, await ask(person)]], 10_000);
    program.wa.faults.withholdAcks(true);
    const id = await ask(person);
    await person.waitForMessage((message) => message.quotedId === id);
    program.wa.faults.withholdAcks(false);
    // Nothing is done as long as nothing is acknowledged: after a restart the answer goes out once more.
    await program.stop();
    await program.start();
    await vi.waitFor(() => expect(person.duplicates).toBe(1), { timeout: 10_000 });
    expect(answersTo(person, id)).toHaveLength(1);
  });
});
