import { getDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { baileysLogger } from '../../src/logging/baileys-logger.ts';
import { Connection } from '../../src/whatsapp/connection/connection.ts';
import { AnswerLog } from '../../src/whatsapp/send/answer-log.ts';
import { CloseSuspects } from '../../src/whatsapp/send/close-suspects.ts';
import { DeviceCache } from '../../src/whatsapp/send/device-cache.ts';
import { GroupCache } from '../../src/whatsapp/send/group-cache.ts';
import { RecipientAddresses } from '../../src/whatsapp/send/recipient-address.ts';
import { RetryCounters } from '../../src/whatsapp/send/resend-counters.ts';
import { SentMessages } from '../../src/whatsapp/send/sent-messages.ts';
import { KeyQueue } from '../../src/whatsapp/signal/key-queue.ts';
import { signalRepositoryFactory } from '../../src/whatsapp/signal/signal-repository.ts';
import { within } from './support/deadline.ts';
import { snapshot } from './support/folder.ts';
import { Rig } from './support/rig.ts';

let rig: Rig;
let said: string[];

afterEach(() => rig.destroy());

/** One socket on a session that is paired, without the client that would open the next. */
async function connect(): Promise<Connection> {
  rig = new Rig();
  await rig.pair();
  await rig.stop();
  const { inbox } = await rig.prepare();
  const { session } = rig;
  said = [];
  const silent = pino({ level: 'silent' });
  const logger = baileysLogger(silent);
  const answers = new AnswerLog(silent);
  const connection = new Connection({
    settings: {
      url: rig.wa.url,
      version: undefined,
      agent: undefined,
      dispatcher: undefined,
      connectTimeoutMs: 5_000,
      keepAliveIntervalMs: 30_000,
    },
    session,
    inbox,
    sent: new SentMessages(session),
    answers,
    suspects: new CloseSuspects(),
    addresses: new RecipientAddresses(session),
    logger,
    makeSignalRepository: signalRepositoryFactory(new KeyQueue(session), inbox, silent),
    groups: new GroupCache(answers),
    devices: new DeviceCache(session, systemClock, silent),
    msgRetryCounterCache: new RetryCounters(),
  });
  connection.on('qr', () => said.push('qr'));
  connection.on('paired', () => said.push('paired'));
  connection.on('stanza', () => said.push('stanza'));
  expect(await within(connection.opened, 'the login')).toBe(true);
  return connection;
}

const ENDS: ReadonlyArray<readonly [string, (connection: Connection) => void]> = [
  ['a cut line', () => rig.wa.faults.dropConnection()],
  ['a stream error', () => rig.wa.faults.streamError(503)],
  ['its own close()', (connection) => void connection.close()],
  [
    'a failure of ours',
    (connection) => connection.fail({ kind: 'network', statusCode: undefined, message: 'no answer' }),
  ],
  [
    'a failure of ours on a line that is dead',
    (connection) => {
      rig.wa.faults.halfOpen(true);
      connection.fail({ kind: 'network', statusCode: 408, message: 'no answer' });
    },
  ],
];

it('a connection counts as closed as soon as its socket begins to close', async () => {
  const connection = await connect();
  expect(connection.isOpen).toBe(true);
  void connection.socket.ws.close();
  expect(connection.isOpen).toBe(false);
  const message = { id: 'A', chat: '1@s.whatsapp.net', content: { kind: 'text', text: 'x' } } as const;
  await expect(connection.send(message, new AbortController().signal)).rejects.toMatchObject({
    code: 'NOT_CONNECTED',
  });
});

describe.each(ENDS)('a socket that was ended by %s', (_, end) => {
  it('an ended socket emits one close, and then has no listener and writes nothing', async () => {
    const connection = await connect();
    expect(connection.isOpen).toBe(true);
    const creds = await rig.atRest();
    end(connection);
    const reason = await within(connection.closed, 'the close', 2_000);
    expect(reason.kind).toBe('network');
    expect(connection.isOpen).toBe(false);

    const { ev, ws } = connection.socket;
    expect(ws.eventNames()).toEqual(['error']);
    said = [];
    const before = rig.received.length;
    ws.emit('CB:message', { tag: 'message', attrs: { id: 'A', from: '1@s.whatsapp.net' }, content: [] });
    ws.emit('CB:failure', { tag: 'failure', attrs: { reason: '401' } });
    ws.emit('frame', { tag: 'message', attrs: {} });
    ws.emit('error', new Error('late'));
    ev.emit('connection.update', { connection: 'open', qr: 'late' });
    ev.emit('creds.update', { nextPreKeyId: 1_000_000 });
    expect(said).toEqual([]);
    expect(rig.received.length).toBe(before);
    expect(connection.isOpen).toBe(false);
    expect(snapshot(rig.folder)).toEqual(creds);
    await within(connection.close(), 'a second close', 1_000);
    connection.fail({ kind: 'network', statusCode: undefined, message: 'late' });
    expect(await connection.closed).toBe(reason);
  });
});

it('a connection that receives stanzas but no answers is given up', async () => {
  rig = new Rig();
  await rig.wa.start();
  const impatient = {
    url: rig.wa.url,
    version: undefined,
    agent: undefined,
    dispatcher: undefined,
    connectTimeoutMs: 5_000,
    keepAliveIntervalMs: 30_000,
    queryTimeoutMs: 300,
    pingEveryMs: 50,
  };
  await rig.pair({ socket: impatient });
  rig.wa.faults.queries.ignore('w:p');
  await rig.nextWait();
  expect(rig.closes.at(-1)).toMatchObject({
    kind: 'network',
    cause: 'no-answers',
  });
});

it('each address of a host has five seconds to connect', async () => {
  await connect();
  expect(getDefaultAutoSelectFamilyAttemptTimeout()).toBe(5_000);
});
