import type { proto } from '@whiskeysockets/baileys';
import { describe, expect, it } from 'vitest';
import {
  editTypeOf,
  mediaTypeOf,
  stanzaTypeOf,
  textIn,
  unwrapped,
} from '../../../../src/simulator/phones/message-bytes.ts';
import { actIn } from '../../../../src/simulator/phones/read-message-action.ts';
import { sampleContents, WRAPPERS, wrapped } from '../../../integration/support/sample-contents.ts';

const kinds: [string, proto.IMessage, string, string | undefined][] = [
  ['a text', { conversation: 'a' }, 'text', undefined],
  ['a picture', { imageMessage: {} }, 'media', 'image'],
  ['a GIF', { videoMessage: { gifPlayback: true } }, 'media', 'gif'],
  ['a round video note', { ptvMessage: {} }, 'media', 'ptv'],
  ['a voice note', { audioMessage: { ptt: true } }, 'media', 'ptt'],
  ['a reaction', { reactionMessage: { text: '👍' } }, 'reaction', undefined],
  ['a poll', { pollCreationMessageV3: { name: 'a' } }, 'poll', undefined],
  ['a vote', { pollUpdateMessage: {} }, 'poll', undefined],
  ['an event', { eventMessage: { name: 'a' } }, 'event', undefined],
  ['a picture in a wrapper', { viewOnceMessageV2: { message: { imageMessage: {} } } }, 'media', 'image'],
];

it.each(kinds)(
  'the simulator gives %s its stanza type and media type',
  (_, message, stanzaType, mediaType) => {
    expect([stanzaTypeOf(message), mediaTypeOf(message)]).toEqual([stanzaType, mediaType]);
  },
);

it.each(WRAPPERS)('the simulator finds the message inside %s, also inside another wrapper', (field) => {
  const inner = { conversation: 'a' };
  expect(unwrapped(wrapped(inner, field))).toEqual(inner);
  expect(unwrapped(wrapped(inner, field, 'ephemeralMessage'))).toEqual(inner);
});

it('the simulator leaves every kind of message as it is if it has no wrapper', () => {
  for (const message of Object.values(sampleContents('a'))) expect(unwrapped(message)).toBe(message);
});

describe('what a message does to an earlier one', () => {
  const key = { remoteJid: '1@lid', fromMe: true, id: 'A' };
  it.each([
    [
      'an edit',
      { protocolMessage: { key, type: 14, editedMessage: { conversation: 'b' } } },
      { kind: 'edit', of: 'A', text: 'b' },
      '1',
    ],
    ['a deletion', { protocolMessage: { key, type: 0 } }, { kind: 'deletion', of: 'A' }, '7'],
    [
      'a reaction',
      { reactionMessage: { key, text: '' } },
      { kind: 'reaction', of: 'A', emoji: '' },
      undefined,
    ],
    ['a vote', { pollUpdateMessage: { pollCreationMessageKey: key } }, { kind: 'vote', of: 'A' }, undefined],
    ['a text', { conversation: 'a' }, undefined, undefined],
  ])('actIn and editTypeOf recognise %s', (_, message, act, editType) => {
    expect(actIn(message)).toEqual(act);
    expect(editTypeOf(message)).toBe(editType);
  });

  it('the simulator takes the new text of an edit for the text of the message', () => {
    expect(textIn({ protocolMessage: { key, type: 14, editedMessage: { conversation: 'b' } } })).toBe('b');
  });
});
