import { once } from 'node:events';
import {
  makeCacheableSignalKeyStore,
  makeWASocket,
  useMultiFileAuthState,
  type WASocket,
} from '@whiskeysockets/baileys';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import type { Group } from '../../src/simulator/phones/group.ts';
import type { Person } from '../../src/simulator/phones/person.ts';
import { silenceConsole } from './support/console.ts';
import { within } from './support/deadline.ts';
import { Program } from './support/program.ts';

let program: Program;

beforeEach(() => {
  silenceConsole();
  program = new Program();
});

afterEach(async () => {
  await program.destroy();
  vi.restoreAllMocks();
});

/** The library's own recipe on the same folder. Resolves when it is open; the function it gives ends it. */
async function stockBot(url: string, folder: string): Promise<() => Promise<void>> {
  const logger = pino({ level: 'silent' });
  const { state, saveCreds } = await useMultiFileAuthState(folder);
  const sock: WASocket = makeWASocket({
    auth: { creds: state.creds, keys: makeCacheableSignalKeyStore(state.keys, logger) },
    logger,
    waWebSocketUrl: url,
    syncFullHistory: false,
    markOnlineOnConnect: false,
  });
  let saving: Promise<void> = Promise.resolve();
  sock.ev.on('creds.update', () => {
    saving = saving.then(saveCreds);
  });
  sock.ev.on('messages.upsert', ({ messages }) => {
    for (const message of messages) {
      const chat = message.key.remoteJid;
      if (message.message?.conversation !== '!ping' || !chat || message.key.fromMe) continue;
      void sock.sendMessage(chat, { text: 'pong' }, { quoted: message });
    }
  });
  const opened = new Promise<void>((resolve) => {
    sock.ev.on('connection.update', ({ connection }) => connection === 'open' && resolve());
  });
  await within(opened, 'the login of the stock bot');
  return async () => {
    const socket = Reflect.get(sock.ws, 'socket') as WebSocket | null;
    const closed = socket && once(socket, 'close');
    void sock.end(undefined);
    await closed;
    await saving;
  };
}

interface Question {
  readonly person: Person;
  readonly id: string;
}

/** Each asks in a chat of their own, and in the group. */
async function ask(people: readonly Person[], group: Group): Promise<Question[]> {
  const questions: Question[] = [];
  for (const person of people) {
    for (const place of [undefined, group]) {
      questions.push({ person, id: (await person.send('!ping', place)).id });
    }
  }
  return questions;
}

async function expectAnswers(questions: readonly Question[]): Promise<void> {
  for (const { person, id } of questions) {
    await person.waitForMessage((message) => message.quotedId === id, 10_000);
  }
}

test('a folder goes to the stock functions and back, twice, in the middle of live chats', {
  timeout: 120_000,
}, async () => {
  await program.pairAnew();
  const { wa, folder } = program;
  const people = (['pn', 'lid', 'mixed'] as const).map((addressing) => wa.addPerson({ addressing }));
  const group = wa.addGroup({ people, subject: 'Hand-over' });
  // A bot that found no session for a chat would ask for the message again, and be answered in a new one.
  let askedAgain = 0;
  wa.events.on('stanza-in', ({ tag, attrs }) => {
    if (tag === 'receipt' && attrs.type === 'retry') askedAgain += 1;
  });
  await expectAnswers(await ask(people, group));
  for (let round = 0; round < 2; round++) {
    await program.stop();
    const forStock = await ask(people, group);
    const endStock = await stockBot(wa.url, folder);
    await expectAnswers(forStock);
    await expectAnswers(await ask(people, group));
    await endStock();

    const forUs = await ask(people, group);
    await program.start();
    await expectAnswers(forUs);
    await expectAnswers(await ask(people, group));
  }
  expect(people.flatMap((person) => person.unreadable)).toEqual([]);
  expect(askedAgain).toBe(0);
  expect(wa.counters.pairings).toBe(1);
});
