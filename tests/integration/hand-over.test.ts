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
import type { Person } from '../../src/simulator/person.ts';
import { within } from './support/deadline.ts';
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

async function expectAnswers(people: readonly Person[]): Promise<void> {
  for (const person of people) {
    const { id } = await person.send('!ping');
    await person.waitForMessage((message) => message.quotedId === id, 10_000);
  }
}

test('a folder goes to the stock functions and back in the middle of live chats', {
  timeout: 60_000,
}, async () => {
  await program.start();
  const people = (['pn', 'lid', 'mixed'] as const).map((addressing) => program.wa.addPerson({ addressing }));
  await expectAnswers(people);
  await program.stop();

  const endStock = await stockBot(program.wa.url, program.folder);
  await expectAnswers(people);
  await endStock();

  await program.start();
  await expectAnswers(people);
  expect(people.flatMap((person) => person.unreadable)).toEqual([]);
  expect(program.wa.counters.pairings).toBe(1);
});
