import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import makeWASocket, {
  type ConnectionState,
  downloadMediaMessage,
  type MediaDownloadOptions,
  makeCacheableSignalKeyStore,
  type UserFacingSocketConfig,
  useMultiFileAuthState,
  type WAMessage,
  type WASocket,
} from '@whiskeysockets/baileys';
import fc from 'fast-check';
import pino from 'pino';
import { Agent as Dispatcher } from 'undici';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { SimulatedWhatsApp } from '../../src/simulator/server/simulated-whatsapp.ts';
import { within } from './support/deadline.ts';

const logger = pino({ level: process.env.SIMULATOR_TEST_LOG ?? 'silent' });

/** The library's store writes 812 files at the first login: in memory where the system has a place for that. */
const scratch = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** What a client reports when it closes. */
interface Close {
  readonly code: number | undefined;
  readonly message: string | undefined;
  readonly data: { tag?: string; attrs?: Record<string, string>; reason?: string } | undefined;
}

let wa: SimulatedWhatsApp;
let folder: string;
let sockets: WASocket[];

beforeEach(async () => {
  // libsignal inside the client prints session records.
  for (const method of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, method).mockReturnValue(undefined);
  sockets = [];
  folder = await mkdtemp(join(scratch, 'simulator-'));
  wa = new SimulatedWhatsApp();
  await wa.start();
});

afterEach(async () => {
  for (const sock of sockets) terminate(sock);
  await wa.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  vi.restoreAllMocks();
});

/** Ends the socket as a killed process would. */
function terminate(sock: WASocket): void {
  const socket: unknown = Reflect.get(sock.ws, 'socket');
  if (socket instanceof WebSocket) socket.terminate();
}

/** A real client on the library's own store. `!ping` is answered with `pong`. */
class Client {
  readonly sock: WASocket;
  readonly messages: { message: WAMessage; type: string }[] = [];
  readonly qr: Promise<string>;
  readonly opened: Promise<void>;
  readonly closed: Promise<Close>;
  readonly ready: Promise<void>;
  /** The phone's history has arrived: until then a client holds its events back, after a restart for 20 s. */
  readonly settled: Promise<void>;
  #saved: Promise<unknown> = Promise.resolve();

  constructor(sock: WASocket, saveCreds: () => Promise<void>) {
    this.sock = sock;
    sockets.push(sock);
    sock.ev.on('creds.update', () => {
      this.#saved = this.#saved.then(saveCreds);
    });
    sock.ev.on('messages.upsert', ({ messages, type }) => {
      for (const message of messages) {
        this.messages.push({ message, type });
        const to = message.key.remoteJid;
        if (to && !message.key.fromMe && message.message?.conversation === '!ping') {
          sock.sendMessage(to, { text: 'pong' }, { quoted: message }).catch(() => undefined);
        }
      }
    });
    this.settled = new Promise((resolve) => {
      sock.ev.on('creds.update', ({ accountSyncCounter }) => accountSyncCounter && resolve());
    });
    const update = <T>(pick: (state: Partial<ConnectionState>) => T | undefined) =>
      new Promise<T>((resolve) => {
        sock.ev.on('connection.update', (state) => {
          const picked = pick(state);
          if (picked !== undefined) resolve(picked);
        });
      });
    this.qr = update(({ qr }) => qr);
    this.opened = update(({ connection }) => (connection === 'open' ? true : undefined)).then(
      () => undefined,
    );
    this.ready = update(({ receivedPendingNotifications }) => receivedPendingNotifications || undefined).then(
      () => undefined,
    );
    this.closed = update(({ connection, lastDisconnect }) => {
      if (connection !== 'close') return undefined;
      const error = lastDisconnect?.error as {
        output?: { statusCode: number };
        message?: string;
        data?: Close['data'];
      };
      return { code: error?.output?.statusCode, message: error?.message, data: error?.data };
    });
  }

  saved(): Promise<unknown> {
    return this.#saved;
  }

  /** As killed: nothing is said, nothing more is handled. */
  async kill(): Promise<void> {
    for (const event of ['connection.update', 'messages.upsert', 'creds.update'] as const) {
      this.sock.ev.removeAllListeners(event);
    }
    terminate(this.sock);
    await this.#saved;
  }
}

async function connect(options: Partial<UserFacingSocketConfig> = {}): Promise<Client> {
  const { state, saveCreds } = await useMultiFileAuthState(folder);
  const keys = makeCacheableSignalKeyStore(state.keys, logger);
  const auth = { creds: state.creds, keys };
  const quiet = { logger, syncFullHistory: false, markOnlineOnConnect: false, retryRequestDelayMs: 10 };
  const sock = makeWASocket({ waWebSocketUrl: wa.url, ...quiet, ...options, auth });
  return new Client(sock, saveCreds);
}

async function pair(options: Partial<UserFacingSocketConfig> = {}): Promise<Client> {
  const first = await connect(options);
  await wa.phone.scan(await within(first.qr, 'the QR code'));
  await within(first.closed, 'the restart after pairing');
  await first.saved();
  const client = await connect(options);
  await within(client.opened, 'the first login');
  await within(client.settled, 'the history of the phone');
  await client.saved();
  return client;
}

describe('pairing', () => {
  test('a client that is scanned gets 515, comes back and is open', async () => {
    const first = await connect();
    const companion = await wa.phone.scan(await within(first.qr, 'the QR code'));
    expect(await within(first.closed, 'the restart')).toMatchObject({ code: 515 });
    await first.saved();
    const second = await connect();
    await within(second.opened, 'the login');
    expect(second.sock.authState.creds.me?.id).toBe(companion.jid);
    expect(second.sock.authState.creds.registrationId).toBe(companion.registrationId);
    expect(wa.counters).toMatchObject({ pairings: 1, logins: 1 });
    expect([...companion.preKeyIds(), ...companion.handedOutPreKeyIds]).toHaveLength(812);
    expect(wa.clientVersion).toMatch(/^2\.3000\.\d+$/);
  });

  test('a client that shows a code is linked when the code is typed on the phone', async () => {
    const first = await connect();
    await within(first.qr, 'the registration');
    const code = await first.sock.requestPairingCode(wa.phone.number);
    await wa.phone.enterCode(`${code.slice(0, 4)}-${code.slice(4).toLowerCase()}`);
    expect(await within(first.closed, 'the restart')).toMatchObject({ code: 515 });
    await first.saved();
    const second = await connect();
    await within(second.opened, 'the login');
    expect(second.sock.authState.creds.me?.id).toBe(wa.devices[0]?.jid);
  });

  test('a wrong code links nothing, and the right one still works', async () => {
    const first = await connect();
    await within(first.qr, 'the registration');
    const code = await first.sock.requestPairingCode(wa.phone.number);
    await expect(wa.phone.enterCode('AAAAAAAA')).rejects.toThrow();
    expect(wa.devices).toEqual([]);
    await wa.phone.enterCode(code);
    expect(wa.devices).toHaveLength(1);
  });

  test('a QR code of a client that is gone is refused', async () => {
    const first = await connect();
    const qr = await within(first.qr, 'the QR code');
    const gone = new Promise((resolve) => wa.events.once('closed', resolve));
    terminate(first.sock);
    await within(gone, 'the end of the connection');
    await expect(wa.phone.scan(qr)).rejects.toThrow('no longer valid');
  });

  test('a client that has shown all its QR codes gives up with 408', async () => {
    const first = await connect({ qrTimeout: 20 });
    expect(await within(first.closed, 'the end of the QR codes')).toMatchObject({
      code: 408,
      message: 'QR refs attempts ended',
    });
  });

  test('a second pairing is another device', async () => {
    await (await pair()).kill();
    wa.faults.unlinkWhileOffline();
    await rm(folder, { recursive: true, maxRetries: 10, retryDelay: 20 });
    await pair();
    expect(wa.devices.map(({ id }) => id)).toEqual([2]);
  });
});

describe('chats', () => {
  test.each(['pn', 'lid', 'mixed'] as const)(
    'a person on %s addresses writes and reads the answers',
    async (addressing) => {
      const client = await pair();
      const person = wa.addPerson({ addressing });
      for (let i = 0; i < 4; i++) {
        const { id } = await person.send('!ping');
        const answer = await person.waitForMessage(({ quotedId }) => quotedId === id);
        expect(answer).toMatchObject({ text: 'pong', attempt: 1 });
      }
      expect(person.unreadable).toEqual([]);
      expect(person.receipts).toHaveLength(4);
      expect(client.messages.filter(({ type }) => type === 'notify').length).toBeGreaterThanOrEqual(4);
    },
  );

  test('what the client did not acknowledge comes again at its next login, marked offline', async () => {
    const client = await pair();
    const person = wa.addPerson();
    const before = await person.send('!ping');
    await person.waitForMessage(({ quotedId }) => quotedId === before.id);
    await client.kill();
    const waiting = [await person.send('!ping'), await person.send('!ping')];
    const again = await connect();
    await within(again.ready, 'the end of the offline messages');
    for (const { id } of waiting) await person.waitForMessage(({ quotedId }) => quotedId === id);
    const offline = again.messages.filter(({ type, message }) => type === 'append' && !message.key.fromMe);
    expect(offline.map(({ message }) => message.key.id)).toEqual(waiting.map(({ id }) => id));
    // Acknowledged means forgotten.
    await vi.waitFor(() => expect(wa.devices[0]?.mailbox.waiting).toEqual([]));
  });

  test.each(['pn', 'lid'] as const)(
    'a group with %s addresses: sender keys both ways',
    async (addressing) => {
      await pair();
      const people = [wa.addPerson({ addressing: 'pn' }), wa.addPerson({ addressing: 'lid' })];
      const group = wa.addGroup({ people, addressing });
      for (let i = 0; i < 2; i++) {
        for (const person of people) {
          const { id } = await person.send('!ping', group);
          for (const reader of people) {
            const answer = await reader.waitForMessage(({ quotedId }) => quotedId === id);
            expect(answer).toMatchObject({ text: 'pong', attempt: 1, chat: group.jid });
          }
        }
      }
      expect(people.flatMap(({ unreadable }) => unreadable)).toEqual([]);
    },
  );

  test("the owner's phone gets copies of what the bot sends, and its own messages reach the bot as fromMe", async () => {
    const client = await pair();
    const person = wa.addPerson();
    const { id } = await person.send('!ping');
    const copy = await wa.phone.waitForMessage(({ quotedId }) => quotedId === id);
    expect(copy).toMatchObject({ text: 'pong', chat: person.jid, attempt: 1 });
    const note = await wa.phone.send('a note');
    const written = await wa.phone.send('hello', person);
    const group = wa.addGroup({ people: [person] });
    const inGroup = await wa.phone.send('hello all', group);
    const all = [note, written, inGroup].map((message) => message.id);
    await vi.waitFor(() => {
      const own = client.messages
        .map(({ message }) => message.key)
        .filter((key) => all.includes(key.id ?? ''));
      expect(own.map(({ fromMe, remoteJid }) => [fromMe, remoteJid])).toEqual([
        [true, wa.phone.jid],
        [true, person.jid],
        [true, group.jid],
      ]);
    });
  });

  test('a message that the bot cannot read is sent again, readable', async () => {
    const client = await pair();
    const person = wa.addPerson();
    const { id } = await person.sendMessage({ conversation: '!ping' }, { isCorrupt: true });
    const answer = await person.waitForMessage(({ quotedId }) => quotedId === id);
    expect(answer).toMatchObject({ text: 'pong', attempt: 1 });
    expect(wa.devices[0]?.counters.retryReceipts).toBe(1);
    expect(client.messages.some(({ message }) => message.messageStubType !== undefined)).toBe(true);
  });

  test('a group message that the bot cannot read is sent again, readable', async () => {
    await pair();
    const person = wa.addPerson();
    const group = wa.addGroup({ people: [person] });
    const { id } = await person.sendMessage({ conversation: '!ping' }, { isCorrupt: true, to: group });
    expect(await person.waitForMessage(({ quotedId }) => quotedId === id)).toMatchObject({ text: 'pong' });
    const next = await person.send('!ping', group);
    expect(await person.waitForMessage(({ quotedId }) => quotedId === next.id)).toMatchObject({
      text: 'pong',
    });
    expect(wa.devices[0]?.counters.retryReceipts).toBe(1);
  });

  test.each(['pn', 'lid'] as const)(
    'a person on %s who cannot read an answer asks for it again',
    async (addressing) => {
      const client = await pair();
      const person = wa.addPerson({ addressing });
      const first = await person.send('!ping');
      await person.waitForMessage(({ quotedId }) => quotedId === first.id);
      await person.loseSessions();
      await client.sock.sendMessage(person.jid, { text: 'can you read this?' });
      const answer = await person.waitForMessage(({ text }) => text === 'can you read this?');
      expect(answer.attempt).toBe(2);
      expect(person.unreadable).toMatchObject([{ id: answer.id, attempts: 1, isRecovered: true }]);
    },
  );

  test('from the second time on, those who ask again send their keys along', async () => {
    const client = await pair();
    const person = wa.addPerson({ addressing: 'lid' });
    const withKeys: (string | undefined)[] = [];
    wa.events.on('stanza-out', ({ tag, attrs, content }) => {
      const hasKeys = Array.isArray(content) && content.some((child) => child.tag === 'keys');
      if (tag === 'receipt' && attrs.type === 'retry' && hasKeys) withKeys.push(attrs.id);
    });
    person.failReads(2);
    await client.sock.sendMessage(person.jid, { text: 'third time lucky' });
    const answer = await person.waitForMessage(({ text }) => text === 'third time lucky');
    expect(answer.attempt).toBe(3);
    expect(withKeys).toEqual([answer.id]);
  });

  test('somebody who lost a sender key asks for the group message again', async () => {
    const client = await pair();
    const people = [wa.addPerson(), wa.addPerson()];
    const group = wa.addGroup({ people });
    await client.sock.sendMessage(group.jid, { text: 'one' });
    for (const person of people) await person.waitForMessage(({ text }) => text === 'one');
    await people[0]?.loseSessions();
    await client.sock.sendMessage(group.jid, { text: 'two' });
    const recovered = await people[0]?.waitForMessage(({ text }) => text === 'two');
    expect(recovered?.attempt).toBe(2);
    expect(await people[1]?.waitForMessage(({ text }) => text === 'two')).toMatchObject({ attempt: 1 });
  });

  test('a person with a new phone is answered in a new session', async () => {
    await pair();
    const person = wa.addPerson({ addressing: 'lid' });
    const before = await person.send('!ping');
    await person.waitForMessage(({ quotedId }) => quotedId === before.id);
    await person.reinstall();
    const after = await person.send('!ping');
    expect(await person.waitForMessage(({ quotedId }) => quotedId === after.id)).toMatchObject({
      text: 'pong',
    });
  });

  test('a second message with an id that was read is dropped and counted', async () => {
    const client = await pair();
    const person = wa.addPerson();
    await client.sock.sendMessage(person.jid, { text: 'once' }, { messageId: 'SAME' });
    await client.sock.sendMessage(person.jid, { text: 'twice' }, { messageId: 'SAME' });
    await client.sock.sendMessage(person.jid, { text: 'other' }, { messageId: 'OTHER' });
    await person.waitForMessage(({ text }) => text === 'other');
    expect(person.inbox.map(({ text }) => text)).toEqual(['once', 'other']);
    expect(person.duplicates).toBe(1);
  });

  test('files go both ways through the media host', async () => {
    const ca = wa.media.identity.cert;
    const client = await pair({ fetchAgent: new Agent({ ca }) });
    const person = wa.addPerson();
    const data = randomBytes(70_000);
    const { id } = await person.sendMedia({
      type: 'document',
      data,
      mimetype: 'application/zip',
      fileName: 'a.zip',
    });
    const find = () => client.messages.find(({ message }) => message.key.id === id)?.message;
    await vi.waitFor(() => expect(find()).toBeDefined());
    const received = find();
    if (!received) throw new Error('nothing received');
    const dispatcher = new Dispatcher({ connect: { ca } });
    // Node's own types know another undici.
    const options: MediaDownloadOptions = Object.assign({}, { options: { dispatcher } as object });
    expect(await downloadMediaMessage(received, 'buffer', options)).toEqual(data);
    await dispatcher.close();
    await client.sock.sendMessage(person.jid, {
      document: data,
      mimetype: 'application/zip',
      fileName: 'b.zip',
    });
    const answer = await person.waitForMessage(({ message }) => message.documentMessage != null);
    expect(person.download(answer)).toMatchObject({ type: 'document', mimetype: 'application/zip', data });
  });

  test('what arrives can be watched', async () => {
    await pair();
    const person = wa.addPerson();
    const seen: (string | undefined)[] = [];
    person.events.on('received', ({ text }) => seen.push(text));
    person.events.on('failed', ({ attempts }) => seen.push(`failed ${attempts}`));
    person.failReads(1);
    const { id } = await person.send('!ping');
    await person.waitForMessage(({ quotedId }) => quotedId === id);
    expect(seen).toEqual(['failed 1', 'pong']);
    await expect(person.waitForMessage(() => false, 1)).rejects.toThrow('waited 1 ms');
  });

  test('the client is told when few one-time keys are left, and uploads more', async () => {
    await pair();
    const [companion] = wa.devices;
    if (!companion) throw new Error('not linked');
    while (companion.preKeyIds().length > 5) companion.takeBundle();
    const person = wa.addPerson();
    const { id } = await person.send('!ping');
    await person.waitForMessage(({ quotedId }) => quotedId === id);
    await vi.waitFor(() => expect(companion.preKeyIds().length).toBeGreaterThan(5));
    expect(companion.counters.preKeyUploads).toBe(2);
  });
});

describe('queries', () => {
  test('who somebody is: numbers, LIDs, devices, groups', async () => {
    const { sock } = await pair();
    const person = wa.addPerson();
    const group = wa.addGroup({ subject: 'Friends', people: [person], admins: [person], addressing: 'lid' });
    expect(await sock.onWhatsApp(person.number, '15550999999')).toEqual([{ jid: person.jid, exists: true }]);
    expect(await sock.signalRepository.lidMapping.getLIDForPN(person.jid)).toBe(`${person.lid}@lid`);
    const devices = await sock.getUSyncDevices([wa.phone.jid, person.jid], false, false);
    expect(devices.map(({ jid }) => jid).sort()).toEqual([wa.phone.jid, person.jid].sort());
    const metadata = await sock.groupMetadata(group.jid);
    expect(metadata).toMatchObject({ subject: 'Friends', addressingMode: 'lid', size: 2 });
    expect(metadata.participants).toEqual([
      expect.objectContaining({ id: `${wa.phone.lid}@lid`, phoneNumber: wa.phone.jid, admin: 'superadmin' }),
      expect.objectContaining({ id: `${person.lid}@lid`, phoneNumber: person.jid, admin: 'admin' }),
    ]);
    expect(Object.keys(await sock.groupFetchAllParticipating())).toEqual([group.jid]);
    await expect(sock.groupMetadata('120363000000000000@g.us')).rejects.toThrow('item-not-found');
  });

  test('look-ups of devices tell LIDs or not, as wanted', async () => {
    const { sock } = await pair();
    const person = wa.addPerson();
    const queries: number[] = [];
    wa.events.on('stanza-in', ({ attrs }) => {
      if (attrs.xmlns === 'encrypt' && attrs.type === 'get') queries.push(1);
    });
    wa.faults.replyWithLids(false);
    await sock.getUSyncDevices([person.jid], false, false);
    expect(queries).toHaveLength(0);
    wa.faults.replyWithLids(true);
    await sock.getUSyncDevices([person.jid], false, false);
    expect(queries).toHaveLength(1);
  });

  test("the client's own keys: digest, rotation, and no forged ones", async () => {
    const { sock } = await pair();
    const [companion] = wa.devices;
    await sock.digestKeyBundle();
    const before = companion?.signedPreKey.id;
    await sock.rotateSignedPreKey();
    expect(companion?.signedPreKey.id).toBe((before ?? 0) + 1);
    const forged = Buffer.alloc(64);
    const skey = ['id', 'value', 'signature'].map((tag, i) => ({
      tag,
      attrs: {},
      content: [Buffer.from([0, 0, 9]), Buffer.alloc(32), forged][i] ?? forged,
    }));
    const rotate = { tag: 'rotate', attrs: {}, content: [{ tag: 'skey', attrs: {}, content: skey }] };
    const attrs = { to: '@s.whatsapp.net', type: 'set', xmlns: 'encrypt' };
    await expect(sock.query({ tag: 'iq', attrs, content: [rotate] })).rejects.toThrow('not-acceptable');
  });

  test('a query that nobody knows is refused', async () => {
    const { sock } = await pair();
    const attrs = { to: '@s.whatsapp.net', type: 'get', xmlns: 'no:such:thing' };
    await expect(sock.query({ tag: 'iq', attrs })).rejects.toThrow('feature-not-implemented');
  });

  test('what the bot shows while it writes reaches the person', async () => {
    const { sock } = await pair();
    const person = wa.addPerson();
    await sock.sendPresenceUpdate('composing', person.jid);
    await vi.waitFor(() => expect(person.chatStates).toMatchObject([{ state: 'composing' }]));
  });
});

describe('closes', () => {
  const conflict = (type: string) => ({ tag: 'conflict', attrs: { type } });

  test.each([
    [
      'the device is removed',
      () => wa.faults.removeDevice(),
      { code: 401, message: 'Stream Errored (conflict)', data: conflict('device_removed') },
    ],
    [
      'another client took over',
      () => wa.faults.replace(),
      { code: 440, message: 'Stream Errored (conflict)', data: conflict('replaced') },
    ],
    [
      'a restart is wanted',
      () => wa.faults.streamError(515),
      { code: 515, message: 'Stream Errored (restart required)' },
    ],
    [
      'the service is unavailable',
      () => wa.faults.streamError(503),
      { code: 503, message: 'Stream Errored (unknown)' },
    ],
    [
      'the connection is reset',
      () => wa.faults.dropConnection(),
      { code: 428, message: 'Connection Terminated' },
    ],
    ['the server goes down', () => void wa.faults.down(), { code: 428, message: 'Connection Terminated' }],
  ])('%s', async (_, fault, expected) => {
    const client = await pair();
    fault();
    expect(await within(client.closed, 'the close')).toMatchObject(expected);
  });

  test.each([
    [401, {}],
    [403, {}],
    [405, {}],
    [402, { expire: '3600', code: '101' }],
    [503, {}],
  ])('a login that fails with %i', async (reason, attrs) => {
    await (await pair()).kill();
    wa.faults.failNextLogins(reason, 1, attrs);
    const refused = await connect();
    const data = { reason: String(reason), ...attrs };
    expect(await within(refused.closed, 'the refusal')).toMatchObject({
      code: reason,
      message: 'Connection Failure',
      data,
    });
    const next = await connect();
    await within(next.opened, 'the login after it');
  });

  test('a client that is too old gets 405', async () => {
    wa.minimumVersion = '2.3000.2000000000';
    const old = await connect();
    expect(await within(old.closed, 'the refusal')).toMatchObject({
      code: 405,
      message: 'Connection Failure',
    });
    const current = await connect({ version: [2, 3000, 2000000000] });
    await within(current.qr, 'the QR code');
  });

  test('a device that was removed while it was offline is refused with 401', async () => {
    await (await pair()).kill();
    wa.phone.unlink();
    const client = await connect();
    expect(await within(client.closed, 'the refusal')).toMatchObject({
      code: 401,
      message: 'Connection Failure',
    });
  });

  test('a second client with the same keys replaces the first', async () => {
    const first = await pair();
    await first.saved();
    const second = await connect();
    expect(await within(first.closed, 'the replacement')).toMatchObject({
      code: 440,
      data: conflict('replaced'),
    });
    await within(second.opened, 'the second login');
    const person = wa.addPerson();
    const { id } = await person.send('!ping');
    expect(await person.waitForMessage(({ quotedId }) => quotedId === id)).toMatchObject({ text: 'pong' });
  });

  test('a logout removes the device', async () => {
    const client = await pair();
    await client.sock.logout();
    expect(await within(client.closed, 'the close')).toMatchObject({
      code: 401,
      message: 'Intentional Logout',
    });
    await vi.waitFor(() => expect(wa.devices).toEqual([]));
  });

  test.each([403, 407, 502])('an upgrade that is refused with %i', async (status) => {
    wa.faults.refuseUpgrades(status);
    const client = await connect();
    const refused = new Promise<{ statusCode?: number }>((resolve) => {
      client.sock.ws.on('unexpected-response', (_request: unknown, response: { statusCode?: number }) =>
        resolve(response),
      );
    });
    expect((await within(refused, 'the refusal')).statusCode).toBe(status);
  });

  test('an upgrade without answer runs into the time limit of the client', async () => {
    wa.faults.hangUpgrades(true);
    const client = await connect({ connectTimeoutMs: 50 });
    expect(await within(client.closed, 'the close')).toMatchObject({ code: 408 });
  });

  test('a half-open connection: nothing comes, the client notices by itself, the next connection works', async () => {
    const client = await pair({ keepAliveIntervalMs: 100 });
    const person = wa.addPerson();
    wa.faults.halfOpen(true);
    const { id } = await person.send('!ping');
    // The library's limit is five seconds after a missed keep-alive.
    const lost = within(client.closed, 'the close', 60_000);
    terminate(client.sock);
    await lost.catch(() => undefined);
    const next = await connect();
    await within(next.ready, 'the next login');
    expect(await person.waitForMessage(({ quotedId }) => quotedId === id)).toMatchObject({ text: 'pong' });
  });

  test('a server that is down refuses connections, and goes on where it was when it is up', async () => {
    await (await pair()).kill();
    const person = wa.addPerson();
    await wa.faults.down();
    const client = await connect();
    expect(await within(client.closed, 'the refusal')).toMatchObject({ code: 408 });
    const { id } = await person.send('!ping');
    await wa.faults.up();
    const next = await connect();
    await within(next.opened, 'the login');
    expect(await person.waitForMessage(({ quotedId }) => quotedId === id)).toMatchObject({ text: 'pong' });
  });

  test('sends that are never acknowledged arrive, or not, as wanted', async () => {
    const client = await pair();
    const person = wa.addPerson();
    let acks = 0;
    client.sock.ws.on('CB:ack,class:message', () => acks++);
    wa.faults.withholdAcks(true);
    await client.sock.sendMessage(person.jid, { text: 'heard' });
    await person.waitForMessage(({ text }) => text === 'heard');
    wa.faults.withholdAcks(true, { swallow: true });
    await client.sock.sendMessage(person.jid, { text: 'lost' });
    wa.faults.withholdAcks(false);
    await client.sock.sendMessage(person.jid, { text: 'acknowledged' });
    await person.waitForMessage(({ text }) => text === 'acknowledged');
    await vi.waitFor(() => expect(acks).toBe(1));
    expect(person.inbox.map(({ text }) => text)).toEqual(['heard', 'acknowledged']);
  });

  test('queries can be left without answer, and answers can be late', async () => {
    const client = await pair();
    wa.faults.ignoreQueries('w:profile:picture');
    await expect(client.sock.profilePictureUrl(wa.phone.jid, 'image', 50)).rejects.toThrow();
    wa.faults.ignoreQueries();
    wa.faults.delayMs(60);
    const startedAt = performance.now();
    await client.sock.fetchPrivacySettings(true);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(59);
  });

  test('a client that talks nonsense is cut off, and the server lives', async () => {
    const refused = new Promise((resolve) => wa.events.once('input-refused', resolve));
    const webSocket = new WebSocket(wa.url);
    const gone = new Promise((resolve) => webSocket.once('close', resolve));
    webSocket.once('open', () => webSocket.send(Buffer.from('GET / HTTP/1.1')));
    await within(refused, 'the refusal');
    await within(gone, 'the end of the connection');
    await pair();
  });

  test('a linked client that sends garbage is cut off, and comes back', async () => {
    const client = await pair();
    await client.sock.sendRawMessage(Buffer.from([0, 255, 255, 255]));
    expect(await within(client.closed, 'the close')).toMatchObject({ code: 428 });
    await within((await connect()).opened, 'the next login');
  });

  test('stanzas that make no sense harm nobody', async () => {
    const client = await pair();
    const person = wa.addPerson();
    const group = wa.addGroup({ people: [person] });
    const word = fc.constantFrom(
      '',
      '0',
      'get',
      'set',
      'retry',
      'message',
      'encrypt',
      'usync',
      'md',
      'w:g2',
      'ü',
    );
    const jid = fc.constantFrom(
      person.jid,
      group.jid,
      wa.phone.jid,
      '@s.whatsapp.net',
      'nobody@lid',
      'no jid',
    );
    const attrs = fc.dictionary(
      fc.constantFrom(
        'id',
        'to',
        'from',
        'type',
        'xmlns',
        'class',
        'participant',
        'recipient',
        'count',
        'jid',
      ),
      fc.oneof(word, jid),
    );
    const tag = fc.constantFrom(
      'iq',
      'message',
      'receipt',
      'ack',
      'presence',
      'chatstate',
      'ib',
      'notification',
    );
    const inner = fc.constantFrom(
      'enc',
      'participants',
      'to',
      'retry',
      'keys',
      'key',
      'skey',
      'list',
      'usync',
      'query',
    );
    const bytes = fc.uint8Array({ maxLength: 40 });
    const child = fc.record({ tag: inner, attrs, content: bytes });
    const parent = fc.record({ tag: inner, attrs, content: fc.array(child, { maxLength: 3 }) });
    const content = fc.array(fc.oneof(child, parent), { maxLength: 3 });
    for (const node of fc.sample(fc.record({ tag, attrs, content }), { numRuns: 500, seed: 1 })) {
      await client.sock.sendNode(node);
    }
    // An answer to the last one: none of them has ended the connection.
    await client.sock.fetchPrivacySettings(true);
    await client.kill();
    await within((await connect()).opened, 'the next login');
    const { id } = await person.send('!ping');
    await person.waitForMessage(({ quotedId }) => quotedId === id);
  });

  test('stop is shared, may be called twice, and can be followed by a start', async () => {
    const client = await pair();
    await Promise.all([wa.stop(), wa.stop()]);
    await within(client.closed, 'the close');
    await client.saved();
    await wa.start();
    await within((await connect()).opened, 'the login');
  });
});
