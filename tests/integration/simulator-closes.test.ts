import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { within } from './support/deadline.ts';
import { terminate, useStockRig } from './support/stock-client.ts';

const stock = useStockRig();

const conflict = (type: string) => ({ tag: 'conflict', attrs: { type } });

test.each([
  [
    'the device is removed',
    () => stock.wa.faults.removeDevice(),
    { code: 401, message: 'Stream Errored (conflict)', data: conflict('device_removed') },
  ],
  [
    'another client took over',
    () => stock.wa.faults.replace(),
    { code: 440, message: 'Stream Errored (conflict)', data: conflict('replaced') },
  ],
  [
    'a restart is wanted',
    () => stock.wa.faults.streamError(515),
    { code: 515, message: 'Stream Errored (restart required)' },
  ],
  [
    'the service is unavailable',
    () => stock.wa.faults.streamError(503),
    { code: 503, message: 'Stream Errored (unknown)' },
  ],
  [
    'the connection is reset',
    () => stock.wa.faults.dropConnection(),
    { code: 428, message: 'Connection Terminated' },
  ],
  [
    'the server goes down',
    () => void stock.wa.faults.down(),
    { code: 428, message: 'Connection Terminated' },
  ],
])('the simulator makes a client report that %s', async (_, fault, expected) => {
  const client = await stock.rig.pair();
  fault();
  expect(await within(client.closed, 'the close')).toMatchObject(expected);
});

test.each([
  [401, {}],
  [403, {}],
  [405, {}],
  [402, { expire: '3600', code: '101' }],
  [503, {}],
])('the simulator refuses a login with reason %i', async (reason, attrs) => {
  await (await stock.rig.pair()).kill();
  stock.wa.faults.failNextLogins(reason, 1, attrs);
  const refused = await stock.rig.connect();
  const data = { reason: String(reason), ...attrs };
  expect(await within(refused.closed, 'the refusal')).toMatchObject({
    code: reason,
    message: 'Connection Failure',
    data,
  });
  const next = await stock.rig.connect();
  await within(next.opened, 'the login after it');
});

test('the simulator refuses a client that is too old with 405', async () => {
  stock.wa.minimumVersion = '2.3000.2000000000';
  const old = await stock.rig.connect();
  expect(await within(old.closed, 'the refusal')).toMatchObject({
    code: 405,
    message: 'Connection Failure',
  });
  const current = await stock.rig.connect({ version: [2, 3000, 2000000000] });
  await within(current.qr, 'the QR code');
});

test('the simulator refuses a device with 401 if it was removed while it was offline', async () => {
  await (await stock.rig.pair()).kill();
  stock.wa.phone.unlink();
  const client = await stock.rig.connect();
  expect(await within(client.closed, 'the refusal')).toMatchObject({
    code: 401,
    message: 'Connection Failure',
  });
});

test('the simulator lets a second client with the same keys replace the first', async () => {
  const first = await stock.rig.pair();
  await first.saved();
  const second = await stock.rig.connect();
  expect(await within(first.closed, 'the replacement')).toMatchObject({
    code: 440,
    data: conflict('replaced'),
  });
  await within(second.opened, 'the second login');
  const person = stock.wa.addPerson();
  const { id } = await person.send('!ping');
  expect(await person.waitForMessage(({ quotedId }) => quotedId === id)).toMatchObject({ text: 'pong' });
});

test('the simulator removes the device at a logout', async () => {
  const client = await stock.rig.pair();
  await client.sock.logout();
  expect(await within(client.closed, 'the close')).toMatchObject({
    code: 401,
    message: 'Intentional Logout',
  });
  await vi.waitFor(() => expect(stock.wa.devices).toEqual([]));
});

test.each([403, 407, 502])('the simulator refuses an upgrade with status %i', async (status) => {
  stock.wa.faults.refuseUpgrades(status);
  const client = await stock.rig.connect();
  const refused = new Promise<{ statusCode?: number }>((resolve) => {
    client.sock.ws.on('unexpected-response', (_request: unknown, response: { statusCode?: number }) =>
      resolve(response),
    );
  });
  expect((await within(refused, 'the refusal')).statusCode).toBe(status);
});

test('the simulator leaves an upgrade unanswered until the time limit of the client', async () => {
  stock.wa.faults.hangUpgrades(true);
  const client = await stock.rig.connect({ connectTimeoutMs: 50 });
  expect(await within(client.closed, 'the close')).toMatchObject({ code: 408 });
});

test('the simulator sends nothing on a half-open connection and accepts the next one', async () => {
  const client = await stock.rig.pair({ keepAliveIntervalMs: 100 });
  const person = stock.wa.addPerson();
  stock.wa.faults.halfOpen(true);
  const { id } = await person.send('!ping');
  // The library's limit is five seconds after a missed keep-alive.
  const lost = within(client.closed, 'the close', 60_000);
  terminate(client.sock);
  await lost.catch(() => undefined);
  const next = await stock.rig.connect();
  await within(next.ready, 'the next login');
  expect(await person.waitForMessage(({ quotedId }) => quotedId === id)).toMatchObject({ text: 'pong' });
});

test('the simulator refuses connections while it is down and keeps its state', async () => {
  await (await stock.rig.pair()).kill();
  const person = stock.wa.addPerson();
  await stock.wa.faults.down();
  const client = await stock.rig.connect();
  expect(await within(client.closed, 'the refusal')).toMatchObject({ code: 408 });
  const { id } = await person.send('!ping');
  await stock.wa.faults.up();
  const next = await stock.rig.connect();
  await within(next.opened, 'the login');
  expect(await person.waitForMessage(({ quotedId }) => quotedId === id)).toMatchObject({ text: 'pong' });
});

test('the simulator withholds acknowledgements, with or without delivery', async () => {
  const client = await stock.rig.pair();
  const person = stock.wa.addPerson();
  let acks = 0;
  client.sock.ws.on('CB:ack,class:message', () => acks++);
  stock.wa.faults.sends.withholdAcks(true);
  await client.sock.sendMessage(person.jid, { text: 'heard' });
  await person.waitForMessage(({ text }) => text === 'heard');
  stock.wa.faults.sends.withholdAcks(true, { swallow: true });
  await client.sock.sendMessage(person.jid, { text: 'lost' });
  stock.wa.faults.sends.withholdAcks(false);
  await client.sock.sendMessage(person.jid, { text: 'acknowledged' });
  await person.waitForMessage(({ text }) => text === 'acknowledged');
  await vi.waitFor(() => expect(acks).toBe(1));
  expect(person.inbox.map(({ text }) => text)).toEqual(['heard', 'acknowledged']);
});

test('the simulator leaves queries unanswered or answers them late', async () => {
  const client = await stock.rig.pair();
  stock.wa.faults.queries.ignore('w:profile:picture');
  await expect(client.sock.profilePictureUrl(stock.wa.phone.jid, 'image', 50)).rejects.toThrow();
  stock.wa.faults.queries.ignore();
  stock.wa.faults.delayMs(60);
  const startedAt = performance.now();
  await client.sock.fetchPrivacySettings(true);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(59);
});

test('the simulator disconnects a client that speaks another protocol', async () => {
  const refused = new Promise((resolve) => stock.wa.events.once('input-refused', resolve));
  const webSocket = new WebSocket(stock.wa.url);
  const gone = new Promise((resolve) => webSocket.once('close', resolve));
  webSocket.once('open', () => webSocket.send(Buffer.from('GET / HTTP/1.1')));
  await within(refused, 'the refusal');
  await within(gone, 'the end of the connection');
  await stock.rig.pair();
});

test('the simulator disconnects a linked client that sends garbage and accepts it again', async () => {
  const client = await stock.rig.pair();
  await client.sock.sendRawMessage(Buffer.from([0, 255, 255, 255]));
  expect(await within(client.closed, 'the close')).toMatchObject({ code: 428 });
  await within((await stock.rig.connect()).opened, 'the next login');
});

test('the simulator ignores stanzas with random contents', async () => {
  const client = await stock.rig.pair();
  const person = stock.wa.addPerson();
  const group = stock.wa.addGroup({ people: [person] });
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
    stock.wa.phone.jid,
    '@s.whatsapp.net',
    'nobody@lid',
    'no jid',
  );
  const attrs = fc.dictionary(
    fc.constantFrom('id', 'to', 'from', 'type', 'xmlns', 'class', 'participant', 'recipient', 'count', 'jid'),
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
  await within((await stock.rig.connect()).opened, 'the next login');
  const { id } = await person.send('!ping');
  await person.waitForMessage(({ quotedId }) => quotedId === id);
});

test('the simulator stops once for two calls and starts again', async () => {
  const client = await stock.rig.pair();
  await Promise.all([stock.wa.stop(), stock.wa.stop()]);
  await within(client.closed, 'the close');
  await client.saved();
  await stock.wa.start();
  await within((await stock.rig.connect()).opened, 'the login');
});
