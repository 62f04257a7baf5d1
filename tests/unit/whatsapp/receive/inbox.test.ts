import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BinaryNode, proto, unpadRandomMax16, writeRandomPadMax16 } from '@whiskeysockets/baileys';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limitsReached } from '../../../../src/core/limits/limit-counts.ts';
import { LIMITS } from '../../../../src/core/limits/limits.ts';
import type { IncomingMessage } from '../../../../src/core/messages/incoming-message.ts';
import { lastMessages } from '../../../../src/core/messages/message-records.ts';
import { realFileSystem } from '../../../../src/session/folder/file-system.ts';
import { openSession, type Session } from '../../../../src/session/session-store.ts';
import { sealUnderSecret } from '../../../../src/simulator/crypto/message-secret.ts';
import type { ClientEvents } from '../../../../src/whatsapp/client-events.ts';
import { Inbox } from '../../../../src/whatsapp/receive/inbox.ts';
import { makeFolder } from '../../../integration/support/folder.ts';

const ANNA = '15550200001@s.whatsapp.net';
const DAY = 24 * 60 * 60 * 1000;
const log = pino({ level: 'silent' });
/** The known phone numbers of LIDs. */
const numbers = new Map<string, string>();
const FACTS = { numberOf: (lid: string) => numbers.get(lid), localMs: (seconds: number) => seconds * 1000 };

let folder: string;
let session: Session;
let inbox: Inbox;
let received: IncomingMessage[];
const events = new EventEmitter<ClientEvents>();
events.on('received', (message) => received.push(message));
let nowMs: number;

beforeEach(async () => {
  folder = makeFolder();
  nowMs = Date.now();
  numbers.clear();
  await open();
  session.creds.me = { id: '15550100000:3@s.whatsapp.net', lid: '100000000000000:3@lid' };
  session.saveCreds();
});

afterEach(async () => {
  await session.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(fs = realFileSystem): Promise<void> {
  session = await openSession(folder, { log, fs, onFailure: () => {} });
  session.creds.me ??= { id: '15550100000:3@s.whatsapp.net', lid: '100000000000000:3@lid' };
  received = [];
  inbox = new Inbox({
    session,
    log,
    facts: FACTS,
    events,
    clock: { now: () => nowMs },
  });
}

/** Opens the session again: what was stored is there, the memory is empty. */
async function restart(): Promise<void> {
  await session.close();
  await open();
}

/** Opens the session again as after a kill: the note of its owner is still in the folder. */
async function crash(): Promise<void> {
  const note = join(folder, 'owner.json');
  const content = readFileSync(note);
  await session.close();
  writeFileSync(note, content);
  await open();
}

const plaintext = (message: proto.IMessage): Uint8Array =>
  writeRandomPadMax16(proto.Message.encode(message).finish());

function stanzaOf(ciphertexts: Uint8Array[], attrs: Record<string, string> = {}): BinaryNode {
  return {
    tag: 'message',
    attrs: { id: 'ID1', from: ANNA, t: '1700000000', ...attrs },
    content: ciphertexts.map((content) => ({ tag: 'enc', attrs: { type: 'msg' }, content })),
  };
}

/** The steps of the client: look the ciphertext up, decrypt, store, go on. */
async function decrypt(ciphertext: Uint8Array, plain: Uint8Array): Promise<Uint8Array> {
  const known = inbox.before(ciphertext);
  if (known) return known;
  const changes = inbox.decrypted(ciphertext, plain);
  if (changes) await session.set(changes);
  inbox.stored(ciphertext);
  return plain;
}

async function receive(
  message: proto.IMessage,
  attrs: Record<string, string> = {},
  ciphertext: Uint8Array = randomBytes(40),
): Promise<Uint8Array> {
  inbox.sawStanza(stanzaOf([ciphertext], attrs));
  await decrypt(ciphertext, plaintext(message));
  return ciphertext;
}

const decode = (plain: Uint8Array | undefined): object =>
  proto.Message.decode(unpadRandomMax16(plain ?? Buffer.alloc(0))).toJSON();

const textsOf = (messages: IncomingMessage[]): string[] => messages.map(({ text }) => text);

describe('a message that is not handed to the bot', () => {
  it('a message that could not be decrypted is recorded, with its sender masked', () => {
    const ciphertext = randomBytes(40);
    inbox.sawStanza(stanzaOf([ciphertext], { id: 'SEALED' }));
    inbox.failed(ciphertext);
    expect(lastMessages()[0]).toMatchObject({
      id: 'SEALED',
      chatKind: 'direct',
      sender: expect.stringMatching(/^1555•••001@/),
      outcome: 'undecryptable',
    });
  });

  it('a message without readable content is recorded', async () => {
    await receive({ pinInChatMessage: {} }, { id: 'EMPTY' });
    expect(received).toEqual([]);
    expect(lastMessages()[0]).toMatchObject({ id: 'EMPTY', outcome: 'ignored', detail: 'nothing to read' });
  });
});

describe('a message with an id or an address of absurd length', () => {
  it.each(['id', 'from', 'participant', 'sender_lid'])(
    'a message whose %s is absurdly long is neither kept nor handed out',
    async (name) => {
      const rows = session.rows('inbox').size;
      const long = name === 'id' ? 'x'.repeat(60_000) : `${'1'.repeat(60_000)}@s.whatsapp.net`;
      await receive({ conversation: '!ping' }, { [name]: long });
      expect(received).toEqual([]);
      expect(session.rows('inbox').size).toBe(rows);
    },
  );

  it('a message with an absurdly long id is recorded with the beginning of the id if it cannot be decrypted', () => {
    const ciphertext = randomBytes(40);
    inbox.sawStanza(stanzaOf([ciphertext], { id: 'x'.repeat(60_000) }));
    inbox.failed(ciphertext);
    expect(JSON.stringify(lastMessages()[0]).length).toBeLessThan(1_000);
  });
});

describe('a message', () => {
  it('the inbox hands a message out when it is stored', async () => {
    await receive({ conversation: '!ping' });
    expect(textsOf(received)).toEqual(['!ping']);
  });

  it('the inbox does not hand out a message that could not be stored', () => {
    const ciphertext = randomBytes(40);
    inbox.sawStanza(stanzaOf([ciphertext]));
    inbox.decrypted(ciphertext, plaintext({ conversation: '!ping' }));
    expect(received).toEqual([]);
    expect(inbox.before(ciphertext)).toBeUndefined();
  });

  it('the inbox hands unfinished messages out again after a restart, oldest first', async () => {
    await receive({ conversation: 'one' });
    await receive({ conversation: 'two' }, { id: 'ID2' });
    await restart();
    expect(textsOf(inbox.unfinished())).toEqual(['one', 'two']);
    await restart();
    expect(textsOf(inbox.unfinished())).toEqual(['one', 'two']);
  });

  it('the inbox hands out an equal message after a restart', async () => {
    await receive({ extendedTextMessage: { text: '!a', contextInfo: { expiration: 60 } } });
    const [first] = received;
    await restart();
    expect(inbox.unfinished()).toEqual([first]);
  });

  it('the inbox does not hand out a finished message again', async () => {
    await receive({ conversation: 'one' });
    await receive({ conversation: 'two' }, { id: 'ID2' });
    await inbox.finish(received[0]?.key ?? '');
    await restart();
    expect(textsOf(inbox.unfinished())).toEqual(['two']);
  });

  it('the inbox accepts that a message is finished twice, and that an unknown message is finished', async () => {
    await receive({ conversation: 'one' });
    const { key } = received[0] ?? { key: '' };
    await inbox.finish(key);
    await inbox.finish(key);
    await inbox.finish('nobody');
    expect(inbox.unfinished()).toEqual([]);
  });

  it('the inbox removes the text of a finished message', async () => {
    await receive({ conversation: 'a secret' });
    await inbox.finish(received[0]?.key ?? '');
    const rows = JSON.stringify([...session.rows('inbox')]);
    expect(rows).not.toContain('parts');
    expect(rows).not.toContain('attrs');
  });
});

describe('a message from a LID whose number becomes known later', () => {
  const LID = '200000000000001@lid';

  beforeEach(async () => {
    await receive({ conversation: '!ping' }, { from: LID });
    numbers.set(LID, '15550200001');
  });

  it('the inbox keeps the key of a message when the number of its LID becomes known', async () => {
    await restart();
    const [again] = inbox.unfinished();
    expect(again).toMatchObject({ key: '|lid:200000000000001|ID1', sender: { number: '15550200001' } });
    await inbox.finish(again?.key ?? '');
    expect(inbox.unfinished()).toEqual([]);
  });

  it.each([
    ['under its LID', { from: LID }],
    ['under the number', { from: ANNA, sender_lid: LID }],
  ])('the inbox recognises a message that is sent anew %s', async (_, attrs) => {
    await receive({ conversation: '!ping' }, attrs);
    expect(received).toHaveLength(1);
    expect(inbox.unfinished()).toHaveLength(1);
    await inbox.finish(received[0]?.key ?? '');
    await receive({ conversation: '!ping' }, attrs);
    expect(received).toHaveLength(1);
    expect(inbox.unfinished()).toEqual([]);
  });
});

describe('a ciphertext that comes again', () => {
  it('the inbox returns the plaintext of a known ciphertext, and hands the message out once', async () => {
    const ciphertext = await receive({ conversation: '!ping' });
    const again = inbox.before(ciphertext);
    expect(proto.Message.decode(unpadRandomMax16(again ?? Buffer.alloc(0))).conversation).toBe('!ping');
    inbox.stored(ciphertext);
    expect(received).toHaveLength(1);
  });

  it('the inbox returns the plaintext of a known ciphertext after a restart', async () => {
    const ciphertext = await receive({ conversation: '!ping' });
    await restart();
    const again = inbox.before(ciphertext);
    expect(proto.Message.decode(unpadRandomMax16(again ?? Buffer.alloc(0))).conversation).toBe('!ping');
    expect(received).toEqual([]);
  });

  it('the inbox returns an empty plaintext if the message of a known ciphertext is finished', async () => {
    const ciphertext = await receive({ conversation: '!ping' });
    await inbox.finish(received[0]?.key ?? '');
    await restart();
    const again = inbox.before(ciphertext);
    expect(again).toBeDefined();
    expect(proto.Message.decode(unpadRandomMax16(again ?? Buffer.alloc(0))).conversation).toBeFalsy();
  });

  it('the inbox does not know a ciphertext that never came', () => {
    expect(inbox.before(randomBytes(40))).toBeUndefined();
  });
});

describe('a message that was sent anew under its id', () => {
  it('the inbox does not hand out a second message with the id of an unfinished one', async () => {
    await receive({ conversation: '!ping' });
    await receive({ conversation: '!ping' });
    expect(received).toHaveLength(1);
    expect(inbox.unfinished()).toHaveLength(1);
  });

  it('the inbox does not hand out a second message with the id of a finished one', async () => {
    await receive({ conversation: '!ping' });
    await inbox.finish(received[0]?.key ?? '');
    const second = await receive({ conversation: '!ping' });
    expect(received).toHaveLength(1);
    await restart();
    expect(inbox.unfinished()).toEqual([]);
    expect(inbox.before(second)).toBeDefined();
  });
});

describe('a stanza in several parts', () => {
  it('the inbox joins the parts of a stanza to one message at the last part', async () => {
    const [key, text] = [randomBytes(40), randomBytes(40)];
    inbox.sawStanza(stanzaOf([key, text]));
    await decrypt(key, plaintext({ senderKeyDistributionMessage: { groupId: 'g' } }));
    expect(received).toEqual([]);
    await decrypt(text, plaintext({ conversation: '!ping' }));
    expect(textsOf(received)).toEqual(['!ping']);
    await restart();
    expect(textsOf(inbox.unfinished())).toEqual(['!ping']);
  });

  it('the inbox completes a stanza that a kill interrupted between two parts', async () => {
    const [key, text] = [randomBytes(40), randomBytes(40)];
    inbox.sawStanza(stanzaOf([key, text]));
    await decrypt(key, plaintext({ senderKeyDistributionMessage: { groupId: 'g' } }));
    await restart();
    expect(inbox.unfinished()).toEqual([]);
    inbox.sawStanza(stanzaOf([key, text]));
    await decrypt(key, plaintext({}));
    await decrypt(text, plaintext({ conversation: '!ping' }));
    expect(textsOf(received)).toEqual(['!ping']);
  });
});

describe('a message that only the phone has', () => {
  const PHONE = '15550100000@s.whatsapp.net';
  const placeholder = (attrs: Record<string, string> = {}, type?: string): BinaryNode => ({
    ...stanzaOf([], attrs),
    content: [{ tag: 'unavailable', attrs: type ? { type } : {} }],
  });

  const info = (message: proto.IMessage, key: proto.IMessageKey = {}): proto.IWebMessageInfo => ({
    key: { remoteJid: ANNA, fromMe: false, id: 'ID1', ...key },
    messageTimestamp: 1_700_000_000,
    pushName: 'Anna',
    message,
  });

  const answer = (...infos: proto.IWebMessageInfo[]): proto.IMessage => ({
    protocolMessage: {
      peerDataOperationRequestResponseMessage: {
        peerDataOperationResult: infos.map((each) => ({
          placeholderMessageResendResponse: {
            webMessageInfoBytes: proto.WebMessageInfo.encode(proto.WebMessageInfo.fromObject(each)).finish(),
          },
        })),
      },
    },
  });

  const handOn = (message: proto.IMessage, from = PHONE) =>
    receive(message, { id: 'ANSWER', from, category: 'peer' });

  it('the inbox wants a message that only the phone has, over restarts, until it was asked for', async () => {
    inbox.sawStanza(placeholder());
    await restart();
    expect([...inbox.leftToPhone().values()]).toMatchObject([{ remoteJid: ANNA, id: 'ID1', fromMe: false }]);
    inbox.askedPhone(inbox.leftToPhone().keys());
    expect(inbox.leftToPhone().size).toBe(0);
    expect(inbox.unfinished()).toEqual([]);
  });

  it('the inbox asks the phone for a message within a day only', () => {
    inbox.sawStanza(placeholder());
    nowMs += DAY;
    expect(inbox.leftToPhone().size).toBe(0);
  });

  it.each([
    'view_once',
    'view_once_unavailable_fanout',
    'bot_unavailable_fanout',
    'hosted_unavailable_fanout',
  ])('the inbox does not want %s, which no phone resends', (type) => {
    inbox.sawStanza(placeholder({}, type));
    expect(inbox.leftToPhone().size).toBe(0);
  });

  it('the inbox does not ask the phone for a message that the bot has had', async () => {
    await receive({ conversation: 'hello' });
    inbox.sawStanza(placeholder());
    expect(inbox.leftToPhone().size).toBe(0);
    await inbox.finish(received[0]?.key ?? '');
    inbox.sawStanza(placeholder());
    expect(inbox.leftToPhone().size).toBe(0);
  });

  it('the inbox hands out a resent message with the attributes of its own stanza', async () => {
    inbox.sawStanza(placeholder({ notify: 'Anna at work', t: '1700000009' }));
    await handOn(answer(info({ conversation: '!ping' })));
    expect(received).toMatchObject([
      { id: 'ID1', text: '!ping', sentAtMs: 1_700_000_009_000, sender: { name: 'Anna at work' } },
    ]);
    await restart();
    expect(textsOf(inbox.unfinished())).toEqual(['!ping']);
    expect(inbox.leftToPhone().size).toBe(0);
  });

  it('the inbox hands out a resent message as the phone describes it if no stanza came before', async () => {
    await handOn(answer(info({ conversation: '!ping' })));
    expect(received).toMatchObject([
      { id: 'ID1', chat: ANNA, sentAtMs: 1_700_000_000_000, sender: { id: '15550200001', name: 'Anna' } },
    ]);
  });

  it('the inbox reads chat and sender of a resent message from its key', async () => {
    const group = '120363000000000001@g.us';
    await handOn(
      answer(
        info({ conversation: 'a' }, { remoteJid: group, participant: ANNA }),
        info({ conversation: 'b' }, { fromMe: true }),
        info({ conversation: 'c' }, { remoteJid: group, fromMe: true }),
      ),
    );
    const owner = { isFromMe: true, sender: { id: '15550100000' } };
    expect(received).toMatchObject([
      { text: 'a', chat: group, isFromMe: false, sender: { id: '15550200001' } },
      { text: 'b', chat: ANNA, ...owner },
      { text: 'c', chat: group, ...owner },
    ]);
  });

  it('the inbox hands a message out once, however often the phone resends it', async () => {
    const twice = answer(info({ conversation: '!ping' }), info({ conversation: '!ping' }));
    await handOn(twice);
    await receive(twice, { id: 'ANSWER2', from: PHONE });
    await inbox.finish(received[0]?.key ?? '');
    await receive(twice, { id: 'ANSWER3', from: PHONE });
    expect(received).toHaveLength(1);
    expect(inbox.unfinished()).toEqual([]);
  });

  it('the inbox keeps the secret of a resent message, so that a later sealed edit is opened', async () => {
    const messageSecret = randomBytes(32);
    await handOn(answer(info({ conversation: 'ping', messageContextInfo: { messageSecret } })));
    await inbox.finish(received[0]?.key ?? '');
    const edited = proto.Message.fromObject({ conversation: '!ping' });
    const sealed = sealUnderSecret(proto.Message.encode(edited).finish(), {
      messageId: 'ID1',
      secret: messageSecret,
      originalSender: ANNA,
      modifier: ANNA,
      use: 'Message Edit',
    });
    const secretEncryptedMessage = { targetMessageKey: { id: 'ID1' }, ...sealed, secretEncType: 2 };
    await receive({ secretEncryptedMessage }, { id: 'EDIT' });
    expect(received.at(-1)).toMatchObject({ edits: 'ID1', text: '!ping' });
  });

  it('the inbox removes the text of a finished message from the answer of the phone too', async () => {
    const ciphertext = await handOn(answer(info({ conversation: 'a secret' })));
    await inbox.finish(received[0]?.key ?? '');
    expect(JSON.stringify([...session.rows('inbox')])).not.toContain('parts');
    expect(inbox.before(ciphertext)).toBeDefined();
  });

  it('the inbox completes a message of which one part could be decrypted', async () => {
    const [key, text] = [randomBytes(40), randomBytes(40)];
    inbox.sawStanza(stanzaOf([key, text]));
    const skeyPlain = plaintext({ senderKeyDistributionMessage: { groupId: 'g' } });
    await decrypt(key, skeyPlain);
    await handOn(answer(info({ conversation: '!ping' })));
    expect(textsOf(received)).toEqual(['!ping']);
    expect(decode(inbox.before(key))).toEqual(decode(skeyPlain));
  });

  it.each([
    ['somebody else', ANNA],
    ['another device of the account', '15550100000:5@s.whatsapp.net'],
  ])('the inbox takes no resent message from %s', async (_, from) => {
    await handOn(answer(info({ conversation: '!ping' })), from);
    expect(received).toEqual([]);
    expect(inbox.unfinished()).toEqual([]);
  });

  it.each<[string, proto.Message.PeerDataOperationRequestResponseMessage.IPeerDataOperationResult]>([
    ['nothing', {}],
    ['no message', { placeholderMessageResendResponse: {} }],
    ['no protobuf', { placeholderMessageResendResponse: { webMessageInfoBytes: Uint8Array.of(255, 255) } }],
    ['no key', { placeholderMessageResendResponse: { webMessageInfoBytes: Uint8Array.of() } }],
  ])('the inbox takes an answer of the phone that has %s', async (_, result) => {
    const response = { peerDataOperationResult: [result] };
    await handOn({ protocolMessage: { peerDataOperationRequestResponseMessage: response } });
    expect(received).toEqual([]);
  });
});

describe('a message whose handler crashes the bot', () => {
  const start = (index = 0) => inbox.noteStarted(inbox.unfinished()[index]?.key ?? '');
  const aside = () => inbox.unfinished().map(({ id, isSetAside }) => [id, isSetAside ?? false]);

  it('a message whose handler crashes the bot is set aside at the second crash', async () => {
    await receive({ conversation: '!boom' });
    await crash();
    expect(aside()).toEqual([['ID1', false]]);
    await start();
    await crash();
    expect(aside()).toEqual([['ID1', true]]);
    expect(inbox.setAside).toBe(1);
    await inbox.finish(inbox.unfinished()[0]?.key ?? '');
    expect(inbox.unfinished()).toEqual([]);
    await restart();
    expect(inbox.setAside).toBe(1);
  });

  it('a message whose handler crashes the bot is set aside at the fourth crash if the handler had sent something', async () => {
    await receive({ conversation: '!boom' });
    await crash();
    for (let crashes = 1; crashes < 4; crashes += 1) {
      expect(aside()).toEqual([['ID1', false]]);
      await start();
      inbox.noteSent(inbox.unfinished()[0]?.key ?? '');
      await crash();
    }
    expect(aside()).toEqual([['ID1', true]]);
  });

  it('a message is set aside at the tenth crash that another message may have caused', async () => {
    await receive({ conversation: '!slow' });
    await crash();
    for (let crashes = 1; crashes <= 10; crashes += 1) {
      expect(aside()).toEqual([['ID1', false]]);
      await start();
      inbox.noteShared(inbox.unfinished()[0]?.key ?? '');
      await crash();
    }
    expect(aside()).toEqual([['ID1', true]]);
  });

  it('a message is not set aside if its handler was not running at the second crash', async () => {
    await receive({ conversation: '!ping' });
    for (let crashes = 0; crashes < 9; crashes += 1) await crash();
    expect(aside()).toEqual([['ID1', false]]);
  });

  it('a message is not set aside after stops of the bot', async () => {
    await receive({ conversation: '!slow' });
    await crash();
    for (let stops = 0; stops < 9; stops += 1) {
      await start();
      await restart();
    }
    await crash();
    expect(aside()).toEqual([['ID1', false]]);
  });

  it('if a message is set aside, later messages of its chat and messages of other chats are not', async () => {
    await receive({ conversation: '!boom' });
    await receive({ conversation: '!ping' }, { id: 'ID2' });
    await receive({ conversation: '!ping' }, { id: 'ID3', from: '15550200002@s.whatsapp.net' });
    await crash();
    await start();
    await crash();
    expect(aside()).toEqual([
      ['ID1', true],
      ['ID2', false],
      ['ID3', false],
    ]);
  });

  it('the inbox writes nothing when a handler starts and sends in a bot that has not crashed', async () => {
    await receive({ conversation: '!ping' });
    const before = session.rows('inbox').get(received[0]?.key ?? '');
    await inbox.noteStarted(received[0]?.key ?? '');
    inbox.noteSent(received[0]?.key ?? '');
    expect(session.rows('inbox').get(received[0]?.key ?? '')).toBe(before);
  });
});

describe('input that makes no sense', () => {
  it.each<[string, BinaryNode]>([
    ['no content', { tag: 'message', attrs: { id: 'A', from: ANNA } }],
    ['text for content', { tag: 'message', attrs: { id: 'A', from: ANNA }, content: 'x' }],
    [
      'text for a ciphertext',
      {
        tag: 'message',
        attrs: { id: 'A', from: ANNA },
        content: [{ tag: 'enc', attrs: {}, content: 'x' }],
      },
    ],
    [
      'a child without content',
      { tag: 'message', attrs: { id: 'A', from: ANNA }, content: [{ tag: 'enc', attrs: {} }] },
    ],
  ])('the inbox takes a stanza with %s', (_, node) => {
    expect(() => inbox.sawStanza(node)).not.toThrow();
  });

  it.each<[string, Record<string, string>]>([
    ['no sender', { from: '' }],
    ['a group without a participant', { from: '120363000000000001@g.us' }],
    ['an unknown server', { from: 'x@nowhere' }],
  ])('the inbox stores nothing for a stanza with %s', (_, attrs) => {
    const ciphertext = randomBytes(40);
    inbox.sawStanza(stanzaOf([ciphertext], attrs));
    expect(inbox.decrypted(ciphertext, plaintext({ conversation: 'x' }))).toBeUndefined();
  });

  it.each([
    ['nothing', Uint8Array.of()],
    ['zeros', new Uint8Array(20)],
    ['no protobuf', Uint8Array.of(255, 255, 255, 255, 1)],
  ])('the inbox finds no message in a plaintext of %s', async (_, plain) => {
    const ciphertext = randomBytes(40);
    inbox.sawStanza(stanzaOf([ciphertext]));
    await decrypt(ciphertext, plain);
    expect(received).toEqual([]);
    expect(inbox.unfinished()).toEqual([]);
  });

  it('the inbox stores nothing for a ciphertext that came in no stanza', () => {
    expect(inbox.decrypted(randomBytes(40), plaintext({ conversation: 'x' }))).toBeUndefined();
  });

  it('the inbox stores nothing before a phone has linked the account', () => {
    delete session.creds.me;
    const ciphertext = randomBytes(40);
    inbox.sawStanza(stanzaOf([ciphertext]));
    expect(inbox.decrypted(ciphertext, plaintext({ conversation: 'x' }))).toBeUndefined();
    expect(inbox.unfinished()).toEqual([]);
  });
});

describe('what is kept', () => {
  it('the inbox forgets messages after seven days, finished or not', async () => {
    await receive({ conversation: 'done' });
    await inbox.finish(received[0]?.key ?? '');
    await receive({ conversation: 'open' }, { id: 'ID2' });
    nowMs += 7 * DAY;
    await restart();
    expect(textsOf(inbox.unfinished())).toEqual(['open']);
    nowMs += 1;
    await restart();
    expect(session.rows('inbox').size).toBe(0);
  });

  it('the inbox knows the ciphertext of a finished message for seven days', async () => {
    const ciphertext = await receive({ conversation: 'done' });
    await inbox.finish(received[0]?.key ?? '');
    nowMs += 7 * DAY - 1;
    await restart();
    expect(inbox.before(ciphertext)).toBeDefined();
  });

  it('the inbox keeps at most ten thousand rows and a tenth', async () => {
    const rows: Record<string, object> = {};
    for (let i = 0; i < 11_000; i++) rows[`|x|${i}`] = { atMs: nowMs, hashes: [`h${i}`] };
    await session.set({ inbox: rows });
    await receive({ conversation: 'one more' });
    expect(session.rows('inbox').size).toBe(10_000);
    expect(inbox.unfinished()).toHaveLength(1);
  });

  it.each<[string, proto.IMessage]>([
    ['a reaction', { reactionMessage: { text: '👍'.repeat(15_000), key: { id: 'X' } } }],
    ['a location with a thumbnail', { locationMessage: { jpegThumbnail: randomBytes(60_000) } }],
    [
      'a sender key that is none',
      { senderKeyDistributionMessage: { axolotlSenderKeyDistributionMessage: randomBytes(60_000) } },
    ],
    [
      'a protocol message of a stranger',
      { protocolMessage: { historySyncNotification: { fileSha256: randomBytes(60_000) } } },
    ],
  ])(
    'the inbox keeps only hashes of 600 messages without text or media, each %s of 60 KB',
    async (_, message) => {
      for (let index = 0; index < 600; index += 1) await receive(message, { id: `ID${index}` });
      expect(JSON.stringify([...session.rows('inbox')]).length).toBeLessThan(600 * 120);
      expect(received).toEqual([]);
    },
  );

  it('the inbox keeps a sender key for a message that comes again, and nothing else of that message', async () => {
    const senderKeyDistributionMessage = {
      groupId: 'g',
      axolotlSenderKeyDistributionMessage: randomBytes(80),
    };
    const ciphertext = await receive({ senderKeyDistributionMessage, reactionMessage: { text: 'a secret' } });
    await restart();
    expect(decode(inbox.before(ciphertext))).toEqual(
      proto.Message.fromObject({ senderKeyDistributionMessage }).toJSON(),
    );
  });

  it('the inbox keeps text, quote and media reference of a large message without its thumbnails', async () => {
    const mediaKey = randomBytes(32);
    const thumbnail = { jpegThumbnail: randomBytes(60_000) };
    const quotedMessage = { imageMessage: { ...thumbnail, mediaKey, directPath: '/v/y', fileLength: 7 } };
    const contextInfo = { stanzaId: 'Q', participant: ANNA, quotedMessage, mentionedJid: [ANNA] };
    await receive({
      imageMessage: {
        ...thumbnail,
        caption: '!sticker',
        mediaKey,
        directPath: '/v/x',
        fileLength: 9,
        contextInfo,
      },
    });
    expect(JSON.stringify([...session.rows('inbox')]).length).toBeLessThan(2_000);
    const expected = {
      text: '!sticker',
      mentions: [ANNA],
      media: { kind: 'image', sizeBytes: 9 },
      quotedMedia: { kind: 'image', sizeBytes: 7 },
      quoted: { id: 'Q' },
    };
    expect(received).toMatchObject([expected]);
    await restart();
    const [again] = inbox.unfinished();
    expect(again).toMatchObject(expected);
    const { message } = (again as IncomingMessage).origin as { message: proto.IMessage };
    expect(message.imageMessage).toMatchObject({ directPath: '/v/x' });
    expect(Buffer.from(message.imageMessage?.mediaKey ?? [])).toEqual(mediaKey);
  });

  it('the inbox gives up the oldest waiting messages at the limit in bytes, and says so once', async () => {
    const lines: string[] = [];
    const spy = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    inbox = new Inbox({
      session,
      log: spy,
      facts: FACTS,
      events,
      clock: { now: () => nowMs },
    });
    const conversation = 'x'.repeat(60_000);
    for (let index = 0; index < 600; index += 1) {
      nowMs += 1;
      await receive({ conversation }, { id: `ID${index}` });
    }
    expect(JSON.stringify([...session.rows('inbox')]).length).toBeLessThan(LIMITS['table:inbox'].bytes * 1.2);
    expect(received).toHaveLength(600);
    expect(inbox.unfinished().at(-1)?.id).toBe('ID599');
    expect(inbox.unfinished().length).toBeLessThan(500);
    expect(session.rows('inbox').size).toBe(600);
    expect(lines).toHaveLength(1);
    expect(new Map(limitsReached()).get('table:inbox')).toBeGreaterThan(100);
  });

  it('the inbox does not keep a message that is larger than a row may be', async () => {
    const ciphertext = await receive({
      conversation: '!x',
      imageMessage: { caption: '漢'.repeat(65_000) },
      extendedTextMessage: { text: '漢'.repeat(65_000) },
    });
    expect(received).toEqual([]);
    expect(inbox.before(ciphertext)).toBeDefined();
    expect(JSON.stringify([...session.rows('inbox')]).length).toBeLessThan(200);
  });

  it('the inbox starts on a full disk although old rows cannot be removed', async () => {
    await receive({ conversation: 'done' });
    await inbox.finish(received[0]?.key ?? '');
    nowMs += 8 * DAY;
    await session.close();
    let isFull = false;
    const writeSync = ((...args: Parameters<typeof realFileSystem.writeSync>) => {
      if (isFull) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      return realFileSystem.writeSync(...args);
    }) as typeof realFileSystem.writeSync;
    session = await openSession(folder, {
      log,
      fs: { ...realFileSystem, writeSync },
      onFailure: () => {},
    });
    isFull = true;
    const build = () => new Inbox({ session, log, facts: FACTS, events, clock: { now: () => nowMs } });
    expect(build).not.toThrow();
    isFull = false;
  });
});
