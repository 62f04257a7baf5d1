import { expect, test, vi } from 'vitest';
import { within } from './support/deadline.ts';
import { type StockClient, useStockRig } from './support/stock-client.ts';

const stock = useStockRig();

/** The error codes of the acknowledgements that the client gets, in order; 0 for a plain one. */
function ackCodes(client: StockClient): number[] {
  const codes: number[] = [];
  client.sock.ws.on('CB:ack,class:message', ({ attrs }: { attrs: { error?: string } }) => {
    codes.push(Number(attrs.error ?? 0));
  });
  return codes;
}

test.each(['companion_reg_refresh', 'pair-device-rotate-qr'] as const)(
  'the simulator refuses the QR code on the screen after %s, which a stock client goes on showing',
  async (child) => {
    const client = await stock.rig.connect();
    const shownQr = await within(client.qr, 'the QR code');
    const children: (string | undefined)[] = [];
    stock.wa.events.on('stanza-out', ({ attrs, content }) => {
      if (attrs.type === 'companion_reg_refresh' && Array.isArray(content)) children.push(content[0]?.tag);
    });
    stock.wa.faults.pairing.rotateSecret({ shownQr, child });
    expect(children).toEqual([child]);
    await expect(stock.wa.phone.scan(shownQr)).rejects.toMatchObject({ code: 'secret-retired' });
    expect(stock.wa.devices).toEqual([]);
  },
);

test('the simulator accepts a QR code with a new secret after the old one is retired', async () => {
  const client = await stock.rig.connect();
  const shownQr = await within(client.qr, 'the QR code');
  stock.wa.faults.pairing.refreshAtScan();
  await expect(stock.wa.phone.scan(shownQr)).rejects.toMatchObject({ code: 'secret-retired' });
  const secret = Buffer.alloc(32, 7).toString('base64');
  client.sock.authState.creds.advSecretKey = secret;
  const parts = shownQr.split(',');
  parts[3] = secret;
  await stock.wa.phone.scan(parts.join(','));
  expect(stock.wa.devices).toHaveLength(1);
});

test.each([429, 400])(
  'the simulator refuses a request for a pairing code with %i, which a stock client does not notice',
  async (code) => {
    const client = await stock.rig.connect();
    await within(client.qr, 'the registration');
    stock.wa.faults.pairing.refuseCodeRequests(code);
    const refused = new Promise((resolve) => {
      stock.wa.events.on('stanza-out', ({ attrs }) => attrs.type === 'error' && resolve(true));
    });
    const shown = await client.sock.requestPairingCode(stock.wa.phone.number);
    await within(refused, 'the refusal');
    await expect(stock.wa.phone.enterCode(shown)).rejects.toMatchObject({ code: 'no-code-request' });
  },
);

test('the simulator leaves a request for a pairing code without an answer, and a stock client shows the code', async () => {
  const client = await stock.rig.connect();
  await within(client.qr, 'the registration');
  stock.wa.faults.pairing.ignoreCodeRequests(true);
  const shown = await client.sock.requestPairingCode(stock.wa.phone.number);
  expect(shown).toMatch(/^[0-9A-Z]{8}$/);
  await expect(stock.wa.phone.enterCode(shown)).rejects.toMatchObject({ code: 'no-code-request' });
});

test('the simulator refuses to finish the link of a code, and a stock client says nothing', async () => {
  const client = await stock.rig.connect();
  await within(client.qr, 'the registration');
  stock.wa.faults.pairing.refuseFinish(401);
  const shown = await client.sock.requestPairingCode(stock.wa.phone.number);
  await expect(stock.wa.phone.enterCode(shown)).rejects.toMatchObject({ code: 'finish-refused' });
  expect(stock.wa.devices).toEqual([]);
});

test('the simulator refuses a code request with an unknown platform name', async () => {
  const client = await stock.rig.connect({ browser: ['Acme', 'Chrome', '1'] });
  await within(client.qr, 'the registration');
  const shown = await client.sock.requestPairingCode(stock.wa.phone.number);
  await expect(stock.wa.phone.enterCode(shown)).rejects.toMatchObject({ code: 'no-code-request' });
});

test('the simulator answers a code without one of its parts', async () => {
  const client = await stock.rig.connect();
  await within(client.qr, 'the registration');
  stock.wa.faults.pairing.answerCodesWithout('primary_identity_pub');
  const shown = await client.sock.requestPairingCode(stock.wa.phone.number);
  await expect(stock.wa.phone.enterCode(shown)).rejects.toMatchObject({ code: 'answer-incomplete' });
  stock.wa.faults.pairing.answerCodesWithout();
});

test('the simulator stalls after a code was entered and the client has finished', async () => {
  const client = await stock.rig.connect();
  await within(client.qr, 'the registration');
  stock.wa.faults.pairing.stallAfterCode(true);
  const shown = await client.sock.requestPairingCode(stock.wa.phone.number);
  await expect(stock.wa.phone.enterCode(shown)).rejects.toMatchObject({ code: 'phone-stalls' });
  expect(stock.wa.devices).toEqual([]);
});

test('the simulator sends refresh_code to a client whose pairing code has expired', async () => {
  const client = await stock.rig.connect();
  await within(client.qr, 'the registration');
  const shown = await client.sock.requestPairingCode(stock.wa.phone.number);
  const wrong = stock.wa.phone.enterCode('AAAAAAAA');
  await expect(wrong).rejects.toThrow();
  const stages: (string | undefined)[] = [];
  stock.wa.events.on('stanza-out', ({ content }) => {
    if (Array.isArray(content)) stages.push(content[0]?.attrs.stage);
  });
  stock.wa.faults.pairing.expireCodes();
  expect(stages).toEqual(['refresh_code']);
  await expect(stock.wa.phone.enterCode(shown)).rejects.toMatchObject({ code: 'no-code-request' });
});

test.each(['scan', 'code'] as const)(
  'the simulator asks for a passkey after a %s and links nothing',
  async (way) => {
    const client = await stock.rig.connect();
    const qr = await within(client.qr, 'the QR code');
    stock.wa.faults.pairing.requirePasskey(true);
    const types: (string | undefined)[] = [];
    stock.wa.events.on('stanza-out', ({ tag, attrs }) => tag === 'notification' && types.push(attrs.type));
    const attempt =
      way === 'scan'
        ? stock.wa.phone.scan(qr)
        : stock.wa.phone.enterCode(await client.sock.requestPairingCode(stock.wa.phone.number));
    await expect(attempt).rejects.toMatchObject({ code: 'passkey-required' });
    expect(types.at(-1)).toBe('passkey_prologue_request');
    expect(stock.wa.devices).toEqual([]);
  },
);

test('the simulator forges the account signature, which a stock client accepts', async () => {
  const client = await stock.rig.connect();
  stock.wa.faults.pairing.forgeAccountSignature(true);
  await stock.wa.phone.scan(await within(client.qr, 'the QR code'));
  expect(stock.wa.devices).toHaveLength(1);
});

test.each([463, 479, 403])(
  'the simulator refuses sends to one person with error %i a number of times',
  async (code) => {
    const client = await stock.rig.pair();
    const [anna, ben] = [stock.wa.addPerson(), stock.wa.addPerson()];
    const codes = ackCodes(client);
    stock.wa.faults.sends.refuse(code, { to: anna, times: 2 });
    for (const text of ['one', 'two', 'three']) await client.sock.sendMessage(anna.jid, { text });
    await client.sock.sendMessage(ben.jid, { text: 'hello' });
    await anna.waitForMessage(({ text }) => text === 'three');
    await ben.waitForMessage(({ text }) => text === 'hello');
    expect(codes).toEqual([code, code, 0, 0]);
    expect(anna.inbox.map(({ text }) => text)).toEqual(['three']);
  },
);

test('the simulator refuses one kind of message to a group for ever', async () => {
  const client = await stock.rig.pair();
  const anna = stock.wa.addPerson();
  const group = stock.wa.addGroup({ people: [anna] });
  const codes = ackCodes(client);
  stock.wa.faults.sends.refuse(479, { to: group, kind: 'poll', times: Number.POSITIVE_INFINITY });
  const poll = { name: 'When?', values: ['now', 'later'] };
  await client.sock.sendMessage(group.jid, { poll });
  await client.sock.sendMessage(group.jid, { text: 'text' });
  await client.sock.sendMessage(group.jid, { poll });
  await vi.waitFor(() => expect(codes).toEqual([479, 0, 479]));
});

test('the simulator refuses sends to the phone number of a person with a LID', async () => {
  const client = await stock.rig.pair();
  const anna = stock.wa.addPerson();
  const codes = ackCodes(client);
  stock.wa.faults.sends.requireLids(true);
  await client.sock.sendMessage(anna.jid, { text: 'by number' });
  await client.sock.sendMessage(`${anna.lid}@lid`, { text: 'by LID' });
  await anna.waitForMessage(({ text }) => text === 'by LID');
  expect(codes).toEqual([463, 0]);
});

test('the simulator refuses sends without the privacy token that the client has asked for', async () => {
  const client = await stock.rig.pair();
  const anna = stock.wa.addPerson({ addressing: 'lid' });
  const codes = ackCodes(client);
  stock.wa.faults.sends.requireTokens(anna);
  await client.sock.sendMessage(anna.jid, { text: 'without a token' });
  // The library asks for a token after each send that lacks one.
  await vi.waitFor(async () => {
    const stored = await client.sock.authState.keys.get('tctoken', [anna.jid]);
    expect(stored[anna.jid]?.token.length).toBeGreaterThan(0);
  });
  await client.sock.sendMessage(anna.jid, { text: 'with a token' });
  await anna.waitForMessage(({ text }) => text === 'with a token');
  expect(codes).toEqual([463, 0]);
});

test('the simulator accepts the privacy token that a person has issued', async () => {
  const client = await stock.rig.pair();
  const anna = stock.wa.addPerson({ addressing: 'lid' });
  stock.wa.faults.sends.requireTokens(anna);
  anna.issueToken();
  await vi.waitFor(async () => {
    const stored = await client.sock.authState.keys.get('tctoken', [anna.jid]);
    expect(stored[anna.jid]?.token.length).toBe(16);
  });
  await client.sock.sendMessage(anna.jid, { text: 'with a token' });
  await anna.waitForMessage(({ text }) => text === 'with a token');
});

test('the simulator refuses a direct message that names its receivers by number and by LID', async () => {
  const client = await stock.rig.pair();
  const anna = stock.wa.addPerson();
  const codes = ackCodes(client);
  const copy = (jid: string) => ({ tag: 'to', attrs: { jid }, content: [] });
  const participants = {
    tag: 'participants',
    attrs: {},
    content: [copy(anna.jid), copy(`${stock.wa.phone.lid}@lid`)],
  };
  await client.sock.sendNode({
    tag: 'message',
    attrs: { to: anna.jid, id: 'MIXED' },
    content: [participants],
  });
  await vi.waitFor(() => expect(codes).toEqual([400]));
});

test('the simulator closes the stream at a certain send', async () => {
  const client = await stock.rig.pair();
  const anna = stock.wa.addPerson();
  stock.wa.faults.sends.closeAt(500, { to: anna, id: 'POISON' });
  await client.sock.sendMessage(anna.jid, { text: 'fine' });
  await client.sock.sendMessage(anna.jid, { text: 'poison' }, { messageId: 'POISON' });
  expect(await within(client.closed, 'the close')).toMatchObject({ code: 500 });
  expect(anna.inbox.map(({ text }) => text)).toEqual(['fine']);
});

test.each([403, 404] as const)(
  'the simulator answers metadata and sends of a group that is gone with %i',
  async (code) => {
    const client = await stock.rig.pair();
    const group = stock.wa.addGroup({ people: [stock.wa.addPerson()] });
    const codes = ackCodes(client);
    await client.sock.sendMessage(group.jid, { text: 'there' });
    group.goneCode = code;
    await expect(client.sock.groupMetadata(group.jid)).rejects.toMatchObject({ data: code });
    expect(await client.sock.groupFetchAllParticipating()).toEqual({});
    await client.sock
      .relayMessage(group.jid, { conversation: 'gone' }, {
        cachedGroupMetadata: undefined,
      } as never)
      .catch(() => undefined);
    await vi.waitFor(() => expect(codes[0]).toBe(0));
  },
);

test('the simulator says that a number is not on WhatsApp, and shows an account without devices', async () => {
  const { sock } = await stock.rig.pair();
  const absent = stock.wa.addPerson({ state: 'absent' });
  const bare = stock.wa.addPerson({ state: 'without-devices' });
  expect(await sock.onWhatsApp(absent.number, bare.number)).toEqual([{ jid: bare.jid, exists: true }]);
  expect(await sock.getUSyncDevices([absent.jid, bare.jid], false, false)).toEqual([]);
});

test('the simulator finds a person by another form of their number and returns the canonical one', async () => {
  const { sock } = await stock.rig.pair();
  const ana = stock.wa.addPerson({ number: '553188887777', aliases: ['5531988887777'] });
  expect(await sock.onWhatsApp('5531988887777')).toEqual([{ jid: ana.jid, exists: true }]);
});

test('the simulator hides every LID, so that a stock client leaves members of a group without keys', async () => {
  const client = await stock.rig.pair();
  stock.wa.faults.queries.hideLids(true);
  const people = [stock.wa.addPerson(), stock.wa.addPerson(), stock.wa.addPerson()];
  const group = stock.wa.addGroup({ people, addressing: 'pn' });
  expect((await client.sock.groupMetadata(group.jid)).participants[1]).not.toHaveProperty(
    'lid',
    expect.anything(),
  );
  await client.sock.sendMessage(group.jid, { text: 'hello all' });
  await vi.waitFor(() => expect(people.flatMap(({ unreadable }) => unreadable).length).toBeGreaterThan(0));
});

test('a stock client never gives the key of a group to members whom it left out once', async () => {
  const { sock } = await stock.rig.pair();
  stock.wa.faults.queries.hideLids(true);
  const people = [stock.wa.addPerson(), stock.wa.addPerson(), stock.wa.addPerson()];
  for (const person of people) person.asksForResends = false;
  const group = stock.wa.addGroup({ people, addressing: 'pn' });
  const unread = (): number => people.flatMap(({ unreadable }) => unreadable).length;
  await sock.sendMessage(group.jid, { text: 'one' });
  await vi.waitFor(() => expect(unread()).toBeGreaterThan(0), 10_000);
  const before = unread();
  stock.wa.faults.queries.hideLids(false);
  await sock.sendMessage(group.jid, { text: 'two' });
  await vi.waitFor(() => expect(unread()).toBeGreaterThan(before), 10_000);
});

test.each([406, 409, 418, 599])(
  'the simulator refuses every login with reason %i until it is ended',
  async (reason) => {
    await (await stock.rig.pair()).kill();
    stock.wa.faults.failNextLogins(reason, Number.POSITIVE_INFINITY);
    for (let i = 0; i < 2; i++) {
      const refused = await stock.rig.connect();
      expect(await within(refused.closed, 'the refusal')).toMatchObject({ code: reason });
    }
    stock.wa.faults.failNextLogins(reason, 0);
    await within((await stock.rig.connect()).opened, 'the login');
  },
);

test('the simulator removes the device by a conflict without a code, which a stock client reports as 440', async () => {
  const client = await stock.rig.pair();
  stock.wa.faults.removeDevice({ hasCode: false });
  expect(await within(client.closed, 'the close')).toMatchObject({
    code: 440,
    data: { tag: 'conflict', attrs: { type: 'device_removed' } },
  });
  expect(await within((await stock.rig.connect()).closed, 'the refusal')).toMatchObject({ code: 401 });
});

test('the simulator shows the account as online after a presence without a type, which a stock client sends', async () => {
  const client = await stock.rig.pairAnew();
  const [companion] = stock.wa.devices;
  await vi.waitFor(() => expect(companion?.presences.map(({ type }) => type)).toContain(undefined));
  expect(companion?.isOnline).toBe(true);
  await client.sock.sendPresenceUpdate('unavailable');
  await vi.waitFor(() => expect(companion?.isOnline).toBe(false));
});

test('the simulator answers queries of one namespace with an error, and app-state queries without a collection', async () => {
  const { sock } = await stock.rig.pair();
  stock.wa.faults.queries.refuse('w:g2', 429, 1);
  const group = stock.wa.addGroup({ people: [stock.wa.addPerson()] });
  await expect(sock.groupMetadata(group.jid)).rejects.toThrow('rate-overlimit');
  await expect(sock.groupMetadata(group.jid)).resolves.toMatchObject({ id: group.jid });
  stock.wa.faults.queries.breakAppState('empty');
  const attrs = { to: '@s.whatsapp.net', type: 'set', xmlns: 'w:sync:app:state' };
  const answer = await sock.query({ tag: 'iq', attrs, content: [{ tag: 'sync', attrs: {}, content: [] }] });
  expect(answer.content).toMatchObject([{ tag: 'sync' }]);
});
