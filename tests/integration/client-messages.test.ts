import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppError, isAppError } from '../../src/core/errors.ts';
import type { Person } from '../../src/simulator/phones/person.ts';
import { within } from './support/deadline.ts';
import { Rig, type RigOptions } from './support/rig.ts';
import { holdBaileysWaits } from './support/short-waits.ts';

let rig: Rig;

afterEach(() => rig.destroy());

async function paired(options?: RigOptions): Promise<Rig> {
  rig = new Rig(options);
  await rig.pair();
  return rig;
}

/** Resolves when the bot sends a stanza that `match` accepts. */
function fromBot(match: (tag: string, attrs: Readonly<Record<string, string | undefined>>) => boolean) {
  return within(
    new Promise<void>((resolve) => {
      rig.wa.events.on('stanza-in', ({ tag, attrs }) => {
        if (match(tag, attrs)) resolve();
      });
    }),
    'a stanza of the bot',
  );
}

const answerTo = (id: string) => (message: { quotedId: string | undefined }) => message.quotedId === id;

const text = (id: string, chat: string) => ({ id, chat, content: { kind: 'text', text: 'hello' } }) as const;

describe('messages', () => {
  it.each(['pn', 'lid', 'mixed'] as const)(
    'the client receives and answers messages by %s',
    async (addressing) => {
      await paired();
      const person = rig.wa.addPerson({ addressing });
      for (let i = 0; i < 4; i++) await rig.ping(person);
      expect(new Set(rig.received.map(({ sender }) => sender.id))).toEqual(new Set([person.number]));
      expect(person.unreadable).toEqual([]);
    },
  );

  it.each(['pn', 'lid'] as const)(
    'the client receives and answers messages in a group by %s',
    async (addressing) => {
      await paired();
      const people = [rig.wa.addPerson(), rig.wa.addPerson({ addressing: 'lid' })];
      const group = rig.wa.addGroup({ people, addressing });
      for (const person of [...people, ...people]) {
        const { id } = await person.send('!ping', group);
        await person.waitForMessage(answerTo(id));
      }
      expect(rig.received.map(({ chatKind, chat }) => [chatKind, chat])).toEqual(
        Array(4).fill(['group', group.jid]),
      );
      expect(people.flatMap(({ unreadable }) => unreadable)).toEqual([]);
      const facts = await rig.client.group(group.jid);
      expect(facts.members.map(({ id }) => id).sort()).toEqual(
        [rig.wa.phone.number, ...people.map(({ number }) => number)].sort(),
      );
    },
  );

  it('the client receives after its start what came while it was stopped', async () => {
    await paired();
    const person = rig.wa.addPerson();
    await rig.ping(person);
    await rig.stop();
    const { id } = await person.send('!ping');
    await rig.start();
    await person.waitForMessage(answerTo(id));
    expect(rig.received.filter((message) => message.id === id)).toHaveLength(1);
  });

  it('the client recognises messages that the owner wrote on the phone', async () => {
    await paired();
    const person = rig.wa.addPerson();
    const { id } = await rig.wa.phone.send('!status', person);
    await within(
      new Promise<void>((resolve) => rig.client.once('received', () => resolve())),
      'the copy of what the owner wrote',
    );
    expect(rig.received).toMatchObject([{ id, isFromMe: true, sender: { id: rig.wa.phone.number } }]);
  });

  it('the client answers 200 messages in a burst, and each answer can be read at the first try', async () => {
    await paired({ answers: false });
    const person = rig.wa.addPerson({ addressing: 'lid' });
    const { client } = rig;
    // A ratchet that has moved is stored a little later: time for a send to look at the old one.
    const decrypted = client.inbox.decrypted.bind(client.inbox);
    Object.assign(client.inbox, {
      decrypted: async (...args: Parameters<typeof decrypted>) => {
        await sleep(1);
        return decrypted(...args);
      },
    });
    // Handlers take some time, so that answers leave while other messages come in.
    const answers: Promise<void>[] = [];
    client.on('received', (quote) => {
      const answer = { ...text(`3EB0${quote.id.slice(-16)}`, quote.chat), quote };
      const pauseMs = answers.length % 4;
      answers.push(sleep(pauseMs).then(() => client.send(answer, AbortSignal.timeout(20_000))));
    });
    rig.wa.faults.halfOpen(true);
    const sent = await Promise.all(Array.from({ length: 200 }, () => person.send('!ping')));
    rig.wa.faults.halfOpen(false);
    await Promise.all(sent.map(({ id }) => person.waitForMessage(answerTo(id), 25_000)));
    await Promise.all(answers);
    expect(person.unreadable).toEqual([]);
    expect(person.duplicates).toBe(0);
    expect(new Set(rig.received.map(({ id }) => id)).size).toBe(200);
  });
});

describe('a line that is cut', () => {
  it('the client loses no acknowledged message if the line is cut while Baileys buffers events', async () => {
    await paired({ answers: false });
    const person = rig.wa.addPerson();
    await person.send('first');
    await within(
      new Promise<void>((resolve) => rig.client.once('received', () => resolve())),
      'the first message',
    );
    await rig.stop();
    const { id } = await person.send('second');
    // The end of what waited, which lets the events go, comes so much later than the message.
    rig.wa.faults.delayMs(150);
    await rig.start();
    await fromBot((tag, attrs) => tag === 'receipt' && attrs.id === id);
    rig.wa.faults.dropConnection();
    await rig.nextWait();
    expect(rig.received.slice(-1)).toMatchObject([{ id, text: 'second' }]);
    expect(rig.wa.devices[0]?.mailbox.waiting.filter(({ tag }) => tag === 'message')).toEqual([]);
  });

  it('the client loses and doubles no message if the line is cut at every stanza of a conversation', async () => {
    await paired();
    const people = [rig.wa.addPerson(), rig.wa.addPerson({ addressing: 'lid' })];
    for (const person of people) await rig.ping(person);
    // After so many stanzas from the bot the line is cut, each time one later.
    for (let cut = 1; cut <= 8; cut++) {
      let seen = 0;
      const count = (): void => {
        seen += 1;
        if (seen === cut) rig.wa.faults.dropConnection();
      };
      rig.wa.events.on('stanza-in', count);
      const sent = await Promise.all(
        people.map(async (person) => ({ person, ...(await person.send('!ping')) })),
      );
      const answered = Promise.all(sent.map(({ person, id }) => person.waitForMessage(answerTo(id), 15_000)));
      const reconnecting = rig.reconnect();
      await answered;
      rig.wa.events.off('stanza-in', count);
      if (seen < cut) rig.wa.faults.dropConnection();
      await reconnecting;
      await rig.state('open');
    }
    for (const person of people) {
      const quoted = person.inbox.map(({ quotedId }) => quotedId);
      expect(new Set(quoted).size).toBe(quoted.length);
    }
    expect(new Set(rig.received.map(({ key }) => key)).size).toBe(rig.received.length);
  });

  it('the client frees the key queue from an unanswered query when the line is cut', async () => {
    await paired({ answers: false });
    const person = rig.wa.addPerson();
    rig.wa.faults.queries.ignore('usync', 'encrypt');
    const asked = fromBot(
      (tag, attrs) => tag === 'iq' && (attrs.xmlns === 'usync' || attrs.xmlns === 'encrypt'),
    );
    const stuck = rig.client.send(text('3EB0AAAAAAAAAAAAAAAA', person.jid), new AbortController().signal);
    const outcome = expect(stuck).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    await asked;
    // An orderly close: a cut line would be an error that all queries in flight notice.
    rig.wa.faults.streamError(503);
    await within(outcome, 'the end of the send that hung', 2_000);
    rig.wa.faults.queries.ignore();
    await rig.reconnect();
    await rig.state('open');
    await rig.client.send(text('3EB0BBBBBBBBBBBBBBBB', person.jid), AbortSignal.timeout(3_000));
    await person.waitForMessage(({ id }) => id === '3EB0BBBBBBBBBBBBBBBB');
  });
});

describe('sends', () => {
  it('the client rejects a send with NOT_CONNECTED if the line is cut during its upload', async () => {
    await paired({ answers: false });
    const person = rig.wa.addPerson();
    rig.wa.faults.queries.ignore('w:m');
    const asked = fromBot((tag, attrs) => tag === 'iq' && attrs.xmlns === 'w:m');
    const content = { kind: 'document', data: Uint8Array.of(1) } as const;
    const sending = rig.client.send(
      { id: '3EB0CCCCCCCCCCCCCCCC', chat: person.jid, content },
      new AbortController().signal,
    );
    const outcome = expect(sending).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    await asked;
    rig.wa.faults.dropConnection();
    await within(outcome, 'the end of the send');
  });

  it('the client neither stores nor sends a message whose signal has aborted', async () => {
    await paired({ answers: false });
    const person = rig.wa.addPerson();
    const message = text('3EB0CCCCCCCCCCCCCCCC', person.jid);
    await expect(rig.client.send(message, AbortSignal.abort())).rejects.toMatchObject({
      code: 'SEND_TIMEOUT',
    });
    expect(rig.client.hasSent(message.id)).toBe(false);
    await rig.client.send(message, AbortSignal.timeout(3_000));
    expect(person.inbox).toHaveLength(1);
    expect(person.duplicates).toBe(0);
  });

  it('the client ends a send to a group whose query is not answered, and delays no other send', async () => {
    rig = new Rig();
    await rig.wa.start();
    const socket = {
      url: rig.wa.url,
      version: undefined,
      agent: undefined,
      dispatcher: undefined,
      connectTimeoutMs: 5_000,
      keepAliveIntervalMs: 30_000,
      queryTimeoutMs: 3_000,
    };
    const endQueries = holdBaileysWaits(socket.queryTimeoutMs);
    await rig.pair({ socket });
    const person = rig.wa.addPerson();
    await rig.ping(person);
    const group = rig.wa.addGroup({ people: [person] });
    rig.wa.faults.queries.ignore('w:g2');
    const asked = fromBot((tag, attrs) => tag === 'iq' && attrs.xmlns === 'w:g2');
    const message = text('3EB0CCCCCCCCCCCCCCCC', group.jid);
    const codes: unknown[] = [];
    const sending = rig.client.send(message, new AbortController().signal).catch(({ code }) => {
      codes.push(code);
    });
    await asked;
    await rig.ping(person);
    expect(codes).toEqual([]);
    const askedAgain = fromBot((tag, attrs) => tag === 'iq' && attrs.xmlns === 'w:g2');
    const facts = expect(rig.client.group(group.jid)).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    await askedAgain;
    endQueries();
    await facts;
    await within(sending, 'the end of the send');
    expect(codes).toEqual(['SEND_TIMEOUT']);
    expect(rig.client.state.kind).toBe('open');
  });

  it('the client ends an unacknowledged send with its signal, and sends it again under the same id', async () => {
    await paired({ answers: false });
    const person = rig.wa.addPerson();
    const message = text('3EB0CCCCCCCCCCCCCCCC', person.jid);
    rig.wa.faults.sends.withholdAcks(true);
    await expect(rig.client.send(message, AbortSignal.timeout(300))).rejects.toMatchObject({
      code: 'SEND_TIMEOUT',
    });
    rig.wa.faults.sends.withholdAcks(false);
    expect(rig.client.lastAckAtMs).toBeUndefined();
    await rig.client.send(message, AbortSignal.timeout(3_000));
    expect(person.inbox).toHaveLength(1);
    expect(person.duplicates).toBe(1);
    expect(rig.client.hasSent(message.id)).toBe(true);
    expect(rig.client.hasSent('3EB0DDDDDDDDDDDDDDDD')).toBe(false);
    const { lastAckAtMs } = rig.client;
    expect(lastAckAtMs).toBeTypeOf('number');
    rig.wa.faults.dropConnection();
    await rig.nextWait();
    expect(rig.client.lastAckAtMs).toBe(lastAckAtMs);
  });

  it.each([
    [
      'closes the connection after three sends that got no ack in time',
      new AppError('SEND_TIMEOUT', 'late'),
      'waiting',
    ],
    ['keeps the connection open after three sends that the caller cancelled', undefined, 'open'],
  ] as const)('the client %s', async (_, reason, state) => {
    await paired({ answers: false });
    const person = rig.wa.addPerson();
    rig.wa.faults.sends.withholdAcks(true);
    for (let count = 1; count <= 3; count++) {
      expect(rig.client.state.kind).toBe('open');
      const message = text(`3EB0CCCCCCCCCCCCCCC${count}`, person.jid);
      const giveUp = new AbortController();
      const sending = rig.client.send(message, giveUp.signal).catch(() => {});
      await person.waitForMessage(({ id }) => id === message.id);
      giveUp.abort(reason);
      await sending;
    }
    rig.wa.faults.sends.withholdAcks(false);
    if (state === 'waiting') {
      await rig.reconnect();
      expect(rig.closes.at(-1)).toMatchObject({ kind: 'network', statusCode: 408, cause: 'no-acks' });
      await rig.state('open');
    }
    await rig.client.send(text('3EB0DDDDDDDDDDDDDDDD', person.jid), AbortSignal.timeout(3_000));
  });

  it('the client sends a message again that WhatsApp swallowed without an ack', async () => {
    await paired({ answers: false });
    const person = rig.wa.addPerson();
    const message = text('3EB0CCCCCCCCCCCCCCCC', person.jid);
    rig.wa.faults.sends.withholdAcks(true, { swallow: true });
    const outcome = expect(rig.client.send(message, new AbortController().signal)).rejects.toMatchObject({
      code: 'NOT_CONNECTED',
    });
    await fromBot((tag, attrs) => tag === 'message' && attrs.id === message.id);
    rig.wa.faults.dropConnection();
    await within(outcome, 'the end of the send');
    rig.wa.faults.sends.withholdAcks(false);
    await rig.reconnect();
    await rig.state('open');
    await rig.client.send(message, AbortSignal.timeout(3_000));
    expect(person.inbox.map(({ id }) => id)).toEqual([message.id]);
  });
});

describe('a message that WhatsApp refuses', () => {
  const ID = '3EB0CCCCCCCCCCCCCCCC';
  const signal = () => AbortSignal.timeout(5_000);

  it('a message at which WhatsApp closes the connection three times is refused for good, after a restart too', async () => {
    await paired({ answers: false });
    const [culprit, other] = [rig.wa.addPerson(), rig.wa.addPerson()];
    rig.wa.faults.sends.closeAt(500, { id: ID, times: Number.POSITIVE_INFINITY });
    const sends = vi.fn();
    rig.wa.events.on('stanza-in', ({ tag, attrs }) => tag === 'message' && attrs.id === ID && sends());
    for (let turn = 1; turn <= 3; turn += 1) {
      await expect(rig.client.send(text(ID, culprit.jid), signal())).rejects.toMatchObject({
        code: 'NOT_CONNECTED',
      });
      await rig.reconnect();
      await rig.state('open');
      await rig.client.send(text(`3EB0DDDDDDDDDDDDDDD${turn}`, other.jid), signal());
    }
    const refused = { code: 'SEND_REFUSED', whatsappCode: 'closed-each-time' };
    await expect(rig.client.send(text(ID, culprit.jid), signal())).rejects.toMatchObject(refused);
    await rig.stop();
    await rig.start();
    await rig.state('open');
    await expect(rig.client.send(text(ID, culprit.jid), signal())).rejects.toMatchObject(refused);
    expect(sends).toHaveBeenCalledTimes(3);
    expect(other.inbox).toHaveLength(3);
  });

  it('after three closes at messages to one chat, the client refuses messages to it and serves the others', async () => {
    await paired({ answers: false });
    const [culprit, other] = [rig.wa.addPerson(), rig.wa.addPerson()];
    rig.wa.faults.sends.closeAt(500, { to: culprit, times: Number.POSITIVE_INFINITY });
    const logins = rig.wa.counters.logins;
    for (let turn = 1; turn <= 3; turn += 1) {
      await expect(
        rig.client.send(text(`3EB0EEEEEEEEEEEEEEE${turn}`, culprit.jid), signal()),
      ).rejects.toMatchObject({
        code: 'NOT_CONNECTED',
      });
      await rig.reconnect();
      await rig.state('open');
      await rig.client.send(text(`3EB0DDDDDDDDDDDDDDD${turn}`, other.jid), signal());
    }
    await expect(rig.client.send(text('3EB0EEEEEEEEEEEEEEE4', culprit.jid), signal())).rejects.toMatchObject({
      code: 'SEND_REFUSED',
      whatsappCode: 'chat-closes',
    });
    expect(rig.wa.counters.logins - logins).toBe(3);
    expect(other.inbox).toHaveLength(3);
  });

  it('a chat at which WhatsApp closes the connection is recognised if its number is written in another form', async () => {
    await paired({ answers: false });
    const person = rig.wa.addPerson({ number: '553188887777', aliases: ['5531988887777'] });
    rig.wa.faults.sends.closeAt(500, { to: person, times: Number.POSITIVE_INFINITY });
    const send = (turn: number, number: string) =>
      rig.client.send(text(`3EB0EEEEEEEEEEEEEEE${turn}`, `${number}@s.whatsapp.net`), signal());
    for (let turn = 1; turn <= 3; turn += 1) {
      await expect(send(turn, '5531988887777')).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
      await rig.reconnect();
      await rig.state('open');
    }
    const refused = { code: 'SEND_REFUSED', whatsappCode: 'chat-closes' };
    await expect(send(4, '5531988887777')).rejects.toMatchObject(refused);
    await expect(send(5, '553188887777')).rejects.toMatchObject(refused);
  });

  it('a message at which WhatsApp closes the connection is refused alone: those that were sent with it arrive', async () => {
    await paired({ answers: false });
    const people = Array.from({ length: 6 }, () => rig.wa.addPerson());
    for (const person of people) await rig.client.send(text(`WARM${person.number}`, person.jid), signal());
    rig.wa.faults.sends.closeAt(500, { id: ID, times: Number.POSITIVE_INFINITY });
    // The others leave before the stream error of the first message arrives, and their acks come after it.
    rig.wa.faults.delayMs(150);
    const over = new AbortController();
    const send = async (id: string, chat: string): Promise<string> => {
      for (;;) {
        try {
          await rig.client.send(text(id, chat), over.signal);
          return 'sent';
        } catch (error) {
          if (!isAppError(error, 'NOT_CONNECTED')) return isAppError(error) ? error.code : String(error);
          await rig.client.whenOpen(over.signal);
        }
      }
    };
    const ids = [ID, ...people.slice(1).map((_, index) => `3EB0BBBBBBBBBBBBBBB${index}`)];
    const sends = people.map(({ jid }, index) => send(ids[index] ?? '', jid));
    for (let turn = 1; turn <= 3; turn += 1) await rig.reconnect();
    const [culprit, ...others] = await within(Promise.all(sends), 'the end of all sends', 20_000);
    expect(culprit).toBe('SEND_REFUSED');
    expect(others).toEqual(Array(5).fill('sent'));
    for (const person of people.slice(1)) expect(person.inbox).toHaveLength(2);
  });

  it('a message is refused for good if the person is not on WhatsApp', async () => {
    await paired({ answers: false });
    const sending = rig.client.send(text(ID, '15550999999@s.whatsapp.net'), signal());
    await expect(sending).rejects.toMatchObject({ code: 'SEND_REFUSED', whatsappCode: 'no-devices' });
    const facts = { level: 'warn', request: 'people', code: 'no-devices' };
    expect(rig.facts).toContainEqual(expect.objectContaining(facts));
    expect(rig.lines.join()).not.toContain('15550999999');
  });

  it('a message is sent again later if WhatsApp does not say which devices the person has', async () => {
    await paired({ answers: false });
    const person = rig.wa.addPerson();
    rig.wa.faults.queries.refuse('usync', 429);
    const sending = rig.client.send(text(ID, person.jid), signal());
    await expect(sending).rejects.toMatchObject({ code: 'SEND_TIMEOUT', retryAfterMs: 60_000 });
    rig.wa.faults.queries.refuse('usync', 429, 0);
    await rig.client.send(text(ID, person.jid), signal());
    expect(person.inbox).toHaveLength(1);
  });

  it.each([403, 404] as const)(
    'a message to a group is refused for good if WhatsApp answers %i',
    async (code) => {
      await paired({ answers: false });
      const group = rig.wa.addGroup({ people: [rig.wa.addPerson()] });
      group.goneCode = code;
      const refused = { code: 'SEND_REFUSED', whatsappCode: String(code) };
      await expect(rig.client.send(text(ID, group.jid), signal())).rejects.toMatchObject(refused);
      await expect(rig.client.group(group.jid)).rejects.toMatchObject(refused);
    },
  );

  it.each([
    [403, 'SEND_REFUSED', undefined],
    [479, 'SEND_REFUSED', undefined],
    [429, 'SEND_TIMEOUT', 60_000],
    [500, 'SEND_TIMEOUT', 5_000],
  ] as const)(
    'a message that WhatsApp answers with error %i rejects with %s',
    async (error, code, retryAfterMs) => {
      await paired({ answers: false });
      const person = rig.wa.addPerson();
      rig.wa.faults.sends.refuse(error, { id: ID });
      const sending = rig.client.send(text(ID, person.jid), signal());
      await expect(sending).rejects.toMatchObject({ code, retryAfterMs, whatsappCode: String(error) });
      expect(rig.client.state.kind).toBe('open');
      await rig.client.send(text(ID, person.jid), signal());
      expect(person.inbox).toHaveLength(1);
    },
  );
});

describe('an address that WhatsApp does not accept', () => {
  const ID = '3EB0CCCCCCCCCCCCCCCC';
  const send = (chat: string, id = ID) => rig.client.send(text(id, chat), AbortSignal.timeout(5_000));

  it('a message without a quote to a known person goes to the LID', async () => {
    await paired();
    const person = rig.wa.addPerson({ addressing: 'pn' });
    await rig.ping(person);
    rig.wa.faults.sends.requireLids(true);
    await send(person.jid);
    await person.waitForMessage(({ id }) => id === ID);
  });

  it('a message goes to the number if WhatsApp does not accept the LID yet', async () => {
    await paired();
    const person = rig.wa.addPerson({ addressing: 'pn' });
    await rig.ping(person);
    rig.wa.faults.sends.refuse(400, { to: `${person.lid}@lid`, id: ID });
    await expect(send(person.jid)).rejects.toMatchObject({
      code: 'SEND_TIMEOUT',
      whatsappCode: 'lid-refused',
    });
    await send(person.jid);
    await person.waitForMessage(({ id }) => id === ID);
  });

  it('a reply that WhatsApp refuses goes to the LID once', async () => {
    await paired({ answers: false });
    const person = rig.wa.addPerson({ addressing: 'pn' });
    await person.send('!ping');
    await vi.waitFor(() => expect(rig.received).toHaveLength(1));
    rig.wa.faults.sends.requireLids(true);
    const [quote] = rig.received;
    const reply = { ...text(ID, person.jid), quote };
    await expect(rig.client.send(reply, AbortSignal.timeout(5_000))).rejects.toMatchObject({
      code: 'SEND_TIMEOUT',
      whatsappCode: '463',
    });
    await rig.client.send(reply, AbortSignal.timeout(5_000));
    await person.waitForMessage(({ id }) => id === ID);
    expect(person.duplicates).toBe(0);
  });

  it('a message is sent again under the same id with the privacy token that WhatsApp asks for', async () => {
    await paired({ answers: false });
    const person = rig.wa.addPerson();
    rig.wa.faults.sends.requireTokens(person);
    await expect(send(person.jid)).rejects.toMatchObject({ retryAfterMs: 1_000, whatsappCode: '463' });
    await vi.waitFor(() => expect(rig.session.get('tctoken', [`${person.lid}@lid`])).not.toEqual({}));
    await send(person.jid);
    await person.waitForMessage(({ id }) => id === ID);
    expect(person.duplicates).toBe(0);
  });

  it('a message is refused for good at the second 463', async () => {
    await paired({ answers: false });
    const person = rig.wa.addPerson();
    rig.wa.faults.sends.refuse(463, { id: ID, times: 2 });
    await expect(send(person.jid)).rejects.toMatchObject({ code: 'SEND_TIMEOUT' });
    await expect(send(person.jid)).rejects.toMatchObject({ code: 'SEND_REFUSED', whatsappCode: '463' });
  });
});

describe('a sealed edit', () => {
  it.each([
    ['pn', 'pn'],
    ['pn', 'lid'],
    ['lid', 'lid'],
    ['lid', 'pn'],
  ] as const)(
    'a sealed edit is opened if the message came from %s and the edit names %s',
    async (from, namedBy) => {
      await paired();
      const person = rig.wa.addPerson({ addressing: from });
      await rig.ping(person);
      const { id } = await person.send('ping');
      await person.edit(id, '!ping', { namedBy });
      await vi.waitFor(() => expect(rig.received.at(-1)).toMatchObject({ edits: id, text: '!ping' }));
    },
  );

  it('a sealed edit is opened after a restart', async () => {
    await paired();
    const person = rig.wa.addPerson();
    await rig.ping(person);
    const { id } = await person.send('ping');
    await vi.waitFor(() => expect(rig.received.at(-1)?.id).toBe(id));
    await rig.client.inbox.finish(rig.received.at(-1)?.key ?? '');
    await rig.stop();
    await person.edit(id, '!ping');
    await rig.start();
    await vi.waitFor(() => expect(rig.received.at(-1)).toMatchObject({ edits: id, text: '!ping' }), 5_000);
  });
});

it('the client names the owner by LID when it quotes an own message in a group that uses LIDs', async () => {
  await paired({ answers: false });
  const person = rig.wa.addPerson({ addressing: 'lid' });
  const group = rig.wa.addGroup({ people: [person], addressing: 'lid' });
  const { id } = await rig.wa.phone.send('!status', group);
  await vi.waitFor(() => expect(rig.received).toHaveLength(1));
  const [quote] = rig.received;
  await rig.client.send({ ...text('3EB0CCCCCCCCCCCCCCCC', group.jid), quote }, AbortSignal.timeout(5_000));
  const { quotedSender } = await person.waitForMessage(answerTo(id));
  expect(quotedSender).toBe(`${rig.wa.phone.lid}@lid`);
});

it('the client gives every member of a group a key if WhatsApp tells no LIDs', async () => {
  await paired();
  rig.wa.faults.queries.hideLids(true);
  const people = Array.from({ length: 5 }, () => rig.wa.addPerson());
  const group = rig.wa.addGroup({ people, addressing: 'pn' });
  const { id } = (await people[0]?.send('!ping', group)) ?? { id: '' };
  await Promise.all(people.map((person) => person.waitForMessage(answerTo(id))));
  expect(people.flatMap(({ unreadable }) => unreadable)).toEqual([]);
});

it('the client gives a member who was left out of an answer the key of the group with the next one', async () => {
  await paired({ answers: false });
  const people = Array.from({ length: 4 }, () => rig.wa.addPerson());
  const late = rig.wa.addPerson({ state: 'without-keys' });
  late.asksForResends = false;
  const group = rig.wa.addGroup({ people: [...people, late] });
  await rig.client.send(text('3EB0CCCCCCCCCCCCCC01', group.jid), AbortSignal.timeout(5_000));
  for (const person of people) await person.waitForMessage(({ chat }) => chat === group.jid);
  expect(rig.facts).toContainEqual(expect.objectContaining({ level: 'warn', devices: 1 }));
  await vi.waitFor(() => expect(late.unreadable).toHaveLength(1), 10_000);
  late.state = 'present';
  await rig.client.send(text('3EB0CCCCCCCCCCCCCC02', group.jid), AbortSignal.timeout(5_000));
  const { attempt } = await late.waitForMessage(({ id }) => id === '3EB0CCCCCCCCCCCCCC02');
  expect(attempt).toBe(1);
});

it('the client sends an answer again to a member who was left out and asks for it', async () => {
  await paired({ answers: false });
  const late = rig.wa.addPerson({ state: 'without-keys' });
  const group = rig.wa.addGroup({ people: [rig.wa.addPerson(), late] });
  await rig.client.send(text('3EB0CCCCCCCCCCCCCC03', group.jid), AbortSignal.timeout(5_000));
  const { attempt } = await late.waitForMessage(({ chat }) => chat === group.jid);
  expect(attempt).toBeGreaterThan(1);
});

describe('a message that the bot ignores', () => {
  /** Resolves with the next answer of the bot to the stanza. */
  const answer = (id: string) =>
    within(
      new Promise<{ tag: string; attrs: Readonly<Record<string, string | undefined>> }>((resolve) => {
        rig.wa.events.on('stanza-in', (node) => {
          if (node.attrs.id === id && (node.tag === 'ack' || node.tag === 'receipt')) resolve(node);
        });
      }),
      'an answer of the bot',
    );

  it('a status is acknowledged without an error', async () => {
    await paired();
    rig.wa.faults.holdQueueAfterNack(true);
    const person = rig.wa.addPerson();
    await rig.ping(person);
    await rig.stop();
    const { id } = await person.postStatus('look at this');
    const later = await person.send('!ping');
    const answered = answer(id);
    await rig.start();
    const { tag, attrs } = await answered;
    expect([tag, attrs.class, attrs.error]).toEqual(['ack', 'message', undefined]);
    await person.waitForMessage(answerTo(later.id));
  });

  it('what the owner writes to Meta AI gets a receipt that names that chat', async () => {
    await paired();
    const chat = '867051314767696@bot';
    const sent = rig.wa.phone.sendMessage({ conversation: '!status' }, chat);
    const [node] = await Promise.all([sent.then(({ id }) => answer(id)), sent]);
    expect(node).toMatchObject({ tag: 'receipt', attrs: { type: 'sender', recipient: chat } });
    expect(rig.received).toEqual([]);
  });
});

it('the client ends a send that the library cannot make with SEND_TIMEOUT on an open connection', async () => {
  await paired({ answers: false });
  rig.wa.events.on('stanza-in', ({ tag }) => {
    if (tag === 'message') throw new Error('it was sent');
  });
  const sending = rig.client.send(text('3EB0EEEEEEEEEEEEEEEE', 'nonsense'), AbortSignal.timeout(3_000));
  await expect(sending).rejects.toMatchObject({
    code: 'SEND_TIMEOUT',
    cause: expect.any(Error),
  });
  expect(rig.client.state.kind).toBe('open');
});

describe('a phone that could not read an answer', () => {
  it('the client resends an answer to a phone that could not read it', async () => {
    await paired();
    const person = rig.wa.addPerson();
    await rig.ping(person);
    person.failReads(1);
    const { id } = await person.send('!ping');
    const { attempt } = await person.waitForMessage(answerTo(id));
    expect(attempt).toBe(2);
    expect(person.unreadable).toMatchObject([{ isRecovered: true }]);
  });

  it('the client resends an answer that was sent before a restart', async () => {
    await paired();
    const person = rig.wa.addPerson();
    await rig.ping(person);
    person.failReads(1);
    const { id } = await person.send('!ping');
    // The bot is offline when the phone asks.
    await fromBot((tag) => tag === 'message');
    rig.wa.faults.dropConnection();
    await rig.nextWait();
    await rig.stop();
    expect(person.inbox.some(answerTo(id))).toBe(false);
    await rig.start();
    await person.waitForMessage(answerTo(id));
    expect(person.unreadable).toMatchObject([{ isRecovered: true }]);
  });
});

describe('a person', () => {
  const cases: ReadonlyArray<readonly [string, (person: Person) => Promise<void>]> = [
    ['whose phone lost its sessions', (person) => person.loseSessions()],
    ['with a new phone', (person) => person.reinstall()],
  ];

  it.each(cases)('the client answers a person %s', async (_, mishap) => {
    await paired();
    const person = rig.wa.addPerson();
    await rig.ping(person);
    await mishap(person);
    const { id } = await person.send('!ping');
    await person.waitForMessage(answerTo(id), 20_000);
    expect(rig.received.filter((message) => message.id === id)).toHaveLength(1);
  });

  it('the client answers a message that was damaged when its sender has resent it', async () => {
    await paired();
    const person = rig.wa.addPerson();
    await rig.ping(person);
    const { id } = await person.sendMessage({ conversation: '!ping' }, { isCorrupt: true });
    await person.waitForMessage(answerTo(id));
    expect(rig.received.filter((message) => message.id === id)).toHaveLength(1);
  });
});
