import { Boom } from '@hapi/boom';
import type { GroupMetadata } from '@whiskeysockets/baileys';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { AnswerLog } from '../../../../src/whatsapp/send/answer-log.ts';
import { GroupCache } from '../../../../src/whatsapp/send/group-cache.ts';

const CHAT = '120363000000000001@g.us';
const metadata = { id: CHAT, subject: 'Friends', participants: [] } as unknown as GroupMetadata;

describe('facts of a group', () => {
  test('the group cache queries the facts of a group once, until the group changes', async () => {
    let asked = 0;
    const socket = {
      groupMetadata: async () => {
        asked += 1;
        return metadata;
      },
    };
    const groups = new GroupCache(new AnswerLog(pino({ level: 'silent' })));
    for (let turn = 0; turn < 3; turn++) await groups.metadata(CHAT, socket);
    expect(asked).toBe(1);
    groups.forget(CHAT);
    await groups.metadata(CHAT, socket);
    expect(asked).toBe(2);
  });

  test('the group cache keeps large groups within a limit of bytes, whatever their number', async () => {
    const groups = new GroupCache(new AnswerLog(pino({ level: 'silent' })));
    let asked = 0;
    const participants = Array.from({ length: 2_000 }, (_, index) => ({ id: `${index}@lid` }));
    const socket = {
      groupMetadata: async (id: string) => {
        asked += 1;
        return { id, subject: '', participants } as unknown as GroupMetadata;
      },
    };
    for (let index = 0; index < 100; index += 1) await groups.metadata(`${index}@g.us`, socket);
    await groups.metadata('99@g.us', socket);
    expect(asked).toBe(100);
    await groups.metadata('0@g.us', socket);
    expect(asked).toBe(101);
  });

  test('the group cache does not keep an answer if the group changed after the query', async () => {
    const groups = new GroupCache(new AnswerLog(pino({ level: 'silent' })));
    let answer: (old: GroupMetadata) => void = () => {};
    const old = new Promise<GroupMetadata>((resolve) => {
      answer = resolve;
    });
    const before = groups.metadata(CHAT, { groupMetadata: () => old });
    groups.forget(CHAT);
    const changed = { ...metadata, subject: 'Enemies' };
    const after = groups.metadata(CHAT, { groupMetadata: async () => changed });
    answer(metadata);
    await Promise.all([before, after]);
    const mute = { groupMetadata: () => Promise.reject(new Error('nobody is to be asked')) };
    await expect(groups.metadata(CHAT, mute)).resolves.toBe(changed);
  });

  test('the group cache reports a query without an answer as NOT_CONNECTED, and queries again', async () => {
    const groups = new GroupCache(new AnswerLog(pino({ level: 'silent' })));
    // The library does this with a query without an answer.
    const mute = {
      groupMetadata: () => Promise.reject(new Error('Invalid group metadata response: missing <group> node')),
    };
    await expect(groups.metadata(CHAT, mute)).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    await expect(groups.metadata(CHAT, { groupMetadata: async () => metadata })).resolves.toBe(metadata);
  });

  test.each([
    [403, 'SEND_REFUSED'],
    [404, 'SEND_REFUSED'],
    [429, 'SEND_TIMEOUT'],
  ])('the group cache sorts error %i of a group query as %s', async (data, code) => {
    const groups = new GroupCache(new AnswerLog(pino({ level: 'silent' })));
    const refused = { groupMetadata: () => Promise.reject(new Boom('forbidden', { data })) };
    await expect(groups.metadata(CHAT, refused)).rejects.toMatchObject({ code, whatsappCode: String(data) });
  });
});
