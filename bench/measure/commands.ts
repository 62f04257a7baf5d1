import { setTimeout as sleep } from 'node:timers/promises';
import type { Group } from '../../src/simulator/phones/group.ts';
import type { Person } from '../../src/simulator/phones/person.ts';
import type { Kind } from '../bots.ts';
import { diskBytesOf, useOfTree } from '../process-tree.ts';
import { ask, withPairedBot } from './paired-bot.ts';

/** For each command answered. */
export interface CommandCost {
  /** User and system time of the bot's processes. */
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Bytes that its processes handed to the disk. 0 if the folder is in memory. */
  readonly diskBytes: number;
}

/** What a command costs when V8 has compiled the program, and before that. */
export interface ColdAndWarm {
  readonly cold: CommandCost;
  readonly warm: CommandCost;
}

/**
 * `burst`: each of five people sends several commands at once. `ping-pong`: each of five people waits for an answer
 * before the next command, so that every command turns a ratchet. `group`: as `burst`, in a group of 20 people.
 */
export type Pattern = 'burst' | 'ping-pong' | 'group';

const PEOPLE = 5;
const GROUP_PEOPLE = 20;
/** How many commands a person sends at once. */
const AT_ONCE: Readonly<Record<Pattern, number>> = { burst: 20, 'ping-pong': 1, group: 4 };
/** How many commands right after the pairing are measured by themselves. */
const FIRST: Readonly<Record<Pattern, number>> = { burst: 300, 'ping-pong': 300, group: 40 };
/**
 * Commands between these and the ones that are measured. A bot runs for months, so what counts is a program that V8 has
 * compiled: what a command costs falls until about three thousand of them, in both programs. In a group each command
 * has twenty encryptions, and twenty phones that read the answer.
 */
const WARM_UP: Readonly<Record<Pattern, number>> = { burst: 2_700, 'ping-pong': 2_700, group: 60 };
/** The pause after the warm-up, so that the files of the pairing are written before the measurement. */
const SETTLE_MS = 6_000;
/** Twenty phones read each answer in a group, so a group gets this part of the commands. */
const PART_IN_GROUP = 0.2;

export function commandCost(
  kind: Kind,
  pattern: Pattern,
  addressing: 'pn' | 'lid',
  commands: number,
): Promise<ColdAndWarm> {
  return withPairedBot(kind, async (bot, simulator) => {
    const count = pattern === 'group' ? GROUP_PEOPLE : PEOPLE;
    const people = Array.from({ length: count }, () => simulator.addPerson({ addressing }));
    const group = pattern === 'group' ? simulator.addGroup({ people, addressing }) : undefined;
    const askers = people.slice(0, PEOPLE);
    const each = AT_ONCE[pattern];
    const part = pattern === 'group' ? PART_IN_GROUP : 1;
    const costOf = async (wanted: number): Promise<CommandCost> => {
      const before = { cpuMs: useOfTree(bot.pid).cpuMs, diskBytes: diskBytesOf(bot.pid) };
      const startedAt = performance.now();
      const asked = await askInRounds(askers, each, wanted, group);
      return {
        cpuMs: (useOfTree(bot.pid).cpuMs - before.cpuMs) / asked,
        wallMs: (performance.now() - startedAt) / asked,
        diskBytes: (diskBytesOf(bot.pid) - before.diskBytes) / asked,
      };
    };
    const cold = await costOf(FIRST[pattern]);
    await askInRounds(askers, each, WARM_UP[pattern], group);
    await sleep(SETTLE_MS);
    return { cold, warm: await costOf(commands * part) };
  });
}

/** All people ask `each` times at once and wait for all answers, until `commands` commands are answered. */
async function askInRounds(
  people: readonly Person[],
  each: number,
  commands: number,
  group: Group | undefined,
): Promise<number> {
  let asked = 0;
  while (asked < commands) {
    await Promise.all(people.map((person) => askTimes(person, each, group)));
    asked += people.length * each;
  }
  return asked;
}

async function askTimes(person: Person, times: number, group: Group | undefined): Promise<void> {
  const ids = new Set<string>();
  for (let sent = 0; sent < times; sent += 1) ids.add((await person.send('!ping', group)).id);
  const answered = (id: string) => person.waitForMessage(({ quotedId }) => quotedId === id, 60_000);
  await Promise.all([...ids].map(answered));
}

/** Resident MiB after `messages` messages from `peopleCount` people, ten at a time. */
export function memoryAfter(kind: Kind, messages: number, peopleCount: number): Promise<number> {
  return withPairedBot(kind, async (bot, simulator) => {
    const people = Array.from({ length: peopleCount }, (_, index) =>
      simulator.addPerson({ addressing: index % 2 === 0 ? 'pn' : 'lid' }),
    );
    for (let done = 0; done < messages; done += 10) {
      const asking = Array.from({ length: 10 }, (_, offset) => people[(done + offset) % peopleCount]);
      await Promise.all(asking.map((person) => person && ask(person)));
    }
    await sleep(2_000);
    return useOfTree(bot.pid).residentBytes / 1024 ** 2;
  });
}
